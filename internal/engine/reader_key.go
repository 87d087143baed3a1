package engine

import "github.com/secdds/dds/rtps"

// spareKeys is how many keys of forgotten instances a reader keeps before it
// looks for them.
const spareKeys = 1024

// learnKey keeps the key of a new instance.
//
// Interop: Fast DDS sends the key hash alone with a dispose or an
// unregistration; the application is to see the key all the same.
func (r *Reader) learnKey(k rtps.KeyHash, payload []byte, isKey bool) {
	if r.keyAlone == nil {
		return
	}
	r.mu.Lock()
	_, known := r.keys[k]
	r.mu.Unlock()
	if known {
		return
	}
	key, err := r.keyAlone(payload, isKey)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = make(map[rtps.KeyHash][]byte)
	}
	if len(r.keys) > 2*r.cache.Instances()+spareKeys {
		for k := range r.keys {
			if _, ok := r.cache.Instance(k); !ok {
				delete(r.keys, k)
			}
		}
	}
	r.keys[k] = key
}

// recallKey appends the key of a known instance to buf; nil if it is not known.
func (r *Reader) recallKey(k rtps.KeyHash, buf []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := r.keys[k]; key != nil {
		return append(buf[:0], key...)
	}
	return nil
}
