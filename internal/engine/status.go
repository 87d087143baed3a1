package engine

import (
	"errors"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// Errors of what the caller asks for.
var (
	ErrOutOfResources = errors.New("dds: out of resources") // RETCODE_OUT_OF_RESOURCES
	ErrBadParameter   = errors.New("dds: bad parameter")    // RETCODE_BAD_PARAMETER
)

// A MatchedStatus is PUBLICATION_MATCHED_STATUS or SUBSCRIPTION_MATCHED_STATUS.
// DDS 1.4, 2.2.4.1.
type MatchedStatus struct {
	Total, TotalChange     int
	Current, CurrentChange int
	Last                   rtps.GUID // the endpoint that matched last

	set map[rtps.GUID]struct{}
}

func (s *MatchedStatus) add(g rtps.GUID) {
	if s.set == nil {
		s.set = make(map[rtps.GUID]struct{})
	}
	if _, ok := s.set[g]; ok {
		return
	}
	s.set[g] = struct{}{}
	s.Total++
	s.TotalChange++
	s.Current++
	s.CurrentChange++
	s.Last = g
}

func (s *MatchedStatus) remove(g rtps.GUID) {
	if _, ok := s.set[g]; !ok {
		return
	}
	delete(s.set, g)
	s.Current--
	s.CurrentChange--
}

func (s *MatchedStatus) take() MatchedStatus {
	r := *s
	r.set = nil
	s.TotalChange, s.CurrentChange = 0, 0
	return r
}

// An IncompatibleStatus is OFFERED_INCOMPATIBLE_QOS_STATUS or
// REQUESTED_INCOMPATIBLE_QOS_STATUS. DDS 1.4, 2.2.4.1.
type IncompatibleStatus struct {
	Total, TotalChange int
	LastPolicies       []qos.ID // all that failed in the last incompatible pair
	Policies           map[qos.ID]int
}

func (s *IncompatibleStatus) add(ids []qos.ID) {
	s.Total++
	s.TotalChange++
	s.LastPolicies = ids
	if s.Policies == nil {
		s.Policies = make(map[qos.ID]int)
	}
	for _, id := range ids {
		s.Policies[id]++
	}
}

func (s *IncompatibleStatus) take() IncompatibleStatus {
	r := *s
	r.Policies = make(map[qos.ID]int, len(s.Policies))
	for id, n := range s.Policies {
		r.Policies[id] = n
	}
	s.TotalChange = 0
	return r
}
