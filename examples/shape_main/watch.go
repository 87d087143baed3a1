package main

import (
	"context"
	"fmt"
	"time"

	"github.com/secdds/dds"
)

// An endpoint is a writer or a reader.
type endpoint interface {
	Matched() dds.MatchedStatus
	IncompatibleQoS() dds.IncompatibleStatus
}

// watch prints the changes of the endpoints' statuses under the names of the
// listeners' operations, until ctx ends.
func (a *app) watch(ctx context.Context) {
	for pause(ctx, 10*time.Millisecond) {
		for i, w := range a.writers {
			a.look(w, a.topics[i], "on_publication_matched()", "readers", "on_offered_incompatible_qos()")
		}
		for i, r := range a.readers {
			a.look(r, a.topics[i], "on_subscription_matched()", "writers", "on_requested_incompatible_qos()")
			if s := r.LivelinessChanged(); s.AliveChange != 0 || s.NotAliveChange != 0 {
				fmt.Fprintf(a.out, "on_liveliness_changed() topic: '%s'  type: '%s' : (alive = %d, not_alive = %d)\n",
					a.topics[i].Name(), a.topics[i].TypeName(), s.Alive, s.NotAlive)
			}
		}
	}
}

func (a *app) look(e endpoint, t *dds.Topic[ShapeType], matched, what, incompatible string) {
	if s := e.Matched(); s.TotalChange != 0 || s.CurrentChange != 0 {
		fmt.Fprintf(a.out, "%s topic: '%s'  type: '%s' : matched %s %d (change = %d)\n",
			matched, t.Name(), t.TypeName(), what, s.Current, s.CurrentChange)
	}
	if s := e.IncompatibleQoS(); s.TotalChange != 0 && len(s.LastPolicies) > 0 {
		last := s.LastPolicies[len(s.LastPolicies)-1]
		fmt.Fprintf(a.out, "%s topic: '%s'  type: '%s' : %d (%v)\n", incompatible, t.Name(), t.TypeName(), last, last)
	}
}
