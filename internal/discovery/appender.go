package discovery

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// An appender appends parameters in one byte order.
type appender struct {
	b  []byte
	le bool
}

func (a *appender) begin(id rtps.ParameterID) (mark int) {
	a.b, mark = rtps.BeginParameter(a.b, a.le, id)
	return mark
}

func (a *appender) end(mark int) { a.b = rtps.EndParameter(a.b, a.le, mark) }

func (a *appender) raw(id rtps.ParameterID, value ...byte) {
	a.b = rtps.AppendParameter(a.b, a.le, id, value)
}

func (a *appender) bool(id rtps.ParameterID, v bool) { a.raw(id, octet(v)) }

func octet(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func (a *appender) uint32(id rtps.ParameterID, v ...uint32) {
	mark := a.begin(id)
	for _, v := range v {
		a.b = rtps.AppendUint32(a.b, a.le, v)
	}
	a.end(mark)
}

func (a *appender) string(id rtps.ParameterID, s string) {
	mark := a.begin(id)
	a.b = rtps.AppendString(a.b, a.le, s)
	a.end(mark)
}

// octets appends nothing for no octets: that is every such policy's default.
func (a *appender) octets(id rtps.ParameterID, v []byte) {
	if len(v) == 0 {
		return
	}
	mark := a.begin(id)
	a.b = rtps.AppendOctets(a.b, a.le, v)
	a.end(mark)
}

func (a *appender) guid(id rtps.ParameterID, g rtps.GUID) {
	mark := a.begin(id)
	a.b = rtps.AppendGUID(a.b, g)
	a.end(mark)
}

func (a *appender) duration(id rtps.ParameterID, d time.Duration) {
	mark := a.begin(id)
	a.b = rtps.AppendDuration(a.b, a.le, rtps.DurationOf(d))
	a.end(mark)
}

// kindAndDuration appends the shape of RELIABILITY and LIVELINESS.
func (a *appender) kindAndDuration(id rtps.ParameterID, kind uint32, d time.Duration) {
	mark := a.begin(id)
	a.b = rtps.AppendUint32(a.b, a.le, kind)
	a.b = rtps.AppendDuration(a.b, a.le, rtps.DurationOf(d))
	a.end(mark)
}

func (a *appender) locators(id rtps.ParameterID, ls []rtps.Locator) {
	for _, l := range ls {
		mark := a.begin(id)
		a.b = rtps.AppendLocator(a.b, a.le, l)
		a.end(mark)
	}
}

func (a *appender) version(v rtps.ProtocolVersion, vendor rtps.VendorID) {
	a.raw(rtps.PIDProtocolVersion, v.Major, v.Minor)
	a.raw(rtps.PIDVendorID, vendor[:]...)
}

func (a *appender) holder(id rtps.ParameterID, h *rtps.DataHolder) {
	if h == nil {
		return
	}
	mark := a.begin(id)
	a.b = rtps.AppendDataHolder(a.b, a.le, h)
	a.end(mark)
}

func (a *appender) securityInfo(id rtps.ParameterID, i *rtps.SecurityInfo) {
	if i != nil {
		a.uint32(id, i.Attributes, i.PluginAttributes)
	}
}
