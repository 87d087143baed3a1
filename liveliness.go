package dds

import "github.com/secdds/dds/internal/engine"

// LivelinessLostStatus tells how often a writer was not asserted in time.
type LivelinessLostStatus = engine.LivelinessLostStatus

// LivelinessChangedStatus tells how many matched writers are alive.
type LivelinessChangedStatus = engine.LivelinessChangedStatus

// AssertLiveliness says that the application is alive, for all writers whose
// liveliness is manual by participant. DDS 1.4, 2.2.2.2.1.19.
func (p *Participant) AssertLiveliness() error { return p.eng.AssertLiveliness() }

// AssertLiveliness says that the writer is alive without writing. Of use where
// LIVELINESS is manual; writing asserts as well. DDS 1.4, 2.2.2.4.2.22.
func (w *Writer[T]) AssertLiveliness() error { return w.eng.AssertLiveliness() }

// LivelinessLost returns LIVELINESS_LOST; the change in it counts from the call
// before. DDS 1.4, 2.2.4.1.
func (w *Writer[T]) LivelinessLost() LivelinessLostStatus { return w.eng.Liveliness() }

// LivelinessChanged returns LIVELINESS_CHANGED; the changes in it count from
// the call before. DDS 1.4, 2.2.4.1.
func (r *Reader[T]) LivelinessChanged() LivelinessChangedStatus { return r.eng.LivelinessChanged() }
