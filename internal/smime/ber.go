package smime

import "errors"

var errASN1 = errors.New("bad ASN.1: truncated, nested too deeply or with too many elements")

// definite checks the structure of a BER object and returns it with definite
// lengths only. Streaming signers write indefinite ones.
//
// The library's own reader recurses as deep as the input says and lets an
// element reach beyond the one that holds it, which costs exponential time: it
// must only see what has passed here.
func definite(ber []byte) ([]byte, error) {
	budget := maxObjects
	der, rest, err := element(ber, maxDepth, &budget)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errors.New("bad ASN.1: data after the end")
	}
	return der, nil
}

// element takes one element off b and returns it with definite lengths.
func element(b []byte, depth int, budget *int) (der, rest []byte, err error) {
	if *budget--; *budget < 0 || depth == 0 || len(b) < 2 || b[0]&0x1f == 0x1f { // no CMS type has a long tag
		return nil, nil, errASN1
	}
	tag, n, indefinite := b[0], int(b[1]), false
	body := b[2:]
	switch {
	case n == 0x80:
		indefinite = true
	case n > 0x80:
		size := n & 0x7f
		if size > 4 || size > len(body) {
			return nil, nil, errASN1
		}
		n = 0
		for _, c := range body[:size] {
			n = n<<8 | int(c)
		}
		body = body[size:]
	}
	constructed := tag&0x20 != 0
	switch {
	case indefinite && !constructed:
		return nil, nil, errASN1
	case indefinite:
		var inner []byte
		for !(len(body) >= 2 && body[0] == 0 && body[1] == 0) {
			var child []byte
			if child, body, err = element(body, depth-1, budget); err != nil {
				return nil, nil, err
			}
			inner = append(inner, child...)
		}
		return appendElement(nil, tag, inner), body[2:], nil
	case n < 0 || n > len(body):
		return nil, nil, errASN1
	case !constructed:
		return appendElement(nil, tag, body[:n]), body[n:], nil
	}
	var inner []byte
	for in := body[:n]; len(in) > 0; {
		var child []byte
		if child, in, err = element(in, depth-1, budget); err != nil {
			return nil, nil, err
		}
		inner = append(inner, child...)
	}
	return appendElement(nil, tag, inner), body[n:], nil
}

func appendElement(b []byte, tag byte, body []byte) []byte {
	b = append(b, tag)
	switch n := len(body); {
	case n < 0x80:
		b = append(b, byte(n))
	case n <= 0xff:
		b = append(b, 0x81, byte(n))
	case n <= 0xffff:
		b = append(b, 0x82, byte(n>>8), byte(n))
	case n <= 0xffffff:
		b = append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		b = append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, body...)
}
