package permissions

import (
	"strconv"

	"github.com/secdds/dds/spi"
)

var (
	_ spi.Basis = (*member)(nil)
	_ spi.Basis = (*local)(nil)
)

// Basis implements spi.Basis: the permissions document and the grant in it.
func (m *member) Basis() (document, rule string, line int) {
	return m.document, "grant " + strconv.Quote(m.grant.Name), m.grant.Line
}
