package seclog

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/secdds/dds/spi"
)

// Options are what Distribute says of this process. Empty fields have defaults.
type Options struct {
	HostName string // os.Hostname
	HostIP   string // left empty
	AppName  string // the name of the executable
	ProcID   string // the process id
}

// Distribute returns a plugin that has events published on the log topic of the
// participant they are from. By itself it writes nothing. DDS-Security 1.1, 9.6.
func Distribute(o Options) spi.LogDistributor {
	if o.HostName == "" {
		o.HostName, _ = os.Hostname()
	}
	if o.AppName == "" {
		o.AppName = filepath.Base(os.Args[0])
	}
	if o.ProcID == "" {
		o.ProcID = strconv.Itoa(os.Getpid())
	}
	for _, s := range []*string{&o.HostName, &o.HostIP, &o.AppName, &o.ProcID} {
		*s = clean(*s)
	}
	return &distributor{o}
}

type distributor struct{ Options }

// Log implements spi.Logging: the participant asks for LogEntry.
func (*distributor) Log(spi.SecurityEvent) {}

// facility is "security and authorization messages". RFC 5424, 6.2.1.
const facility = 10

// LogEntry implements spi.LogDistributor.
func (d *distributor) LogEntry(e spi.SecurityEvent) []byte {
	what := clean(e.What)
	entry := Entry{
		Facility: facility, Severity: int32(e.Severity), Timestamp: timestamp(when(&e)),
		HostName: d.HostName, HostIP: d.HostIP, AppName: d.AppName, ProcID: d.ProcID,
		MsgID: what, Message: what,
	}
	if e.Err != nil {
		entry.Message = clean(what + ": " + e.Err.Error())
	}
	// DDS-Security 1.1, 8.6.2: The Logger shall add an entry to the
	// structured_data field with the key "DDS".
	std := Element{Key: ElementDDS, Values: []NameValue{
		{Name: "guid", Value: e.Local.String()},
		{Name: "domain_id", Value: strconv.FormatUint(uint64(e.Domain), 10)},
		{Name: "plugin_class", Value: class(e.Plugin)},
		{Name: "plugin_method", Value: what},
	}}
	own := Element{Key: ElementFields}
	for _, f := range Fields(&e) {
		switch f.Name {
		case "severity", "plugin", "domain", "local", "error":
		default:
			own.Values = append(own.Values, NameValue{Name: f.Name, Value: fmt.Sprint(f.Value)})
		}
	}
	entry.StructuredData = []Element{std}
	if len(own.Values) > 0 {
		entry.StructuredData = append(entry.StructuredData, own)
	}
	return entry.Append(nil)
}

// class is the specification's name of a plugin's class: "AccessControl".
func class(plugin string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(clean(plugin)) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
