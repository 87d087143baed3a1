package main

// A ShapeType is the type of the suite's topics:
//
//	@appendable struct ShapeType {
//	  @key string<128> color;
//	  int32 x; int32 y; int32 shapesize;
//	  sequence<uint8> additional_payload_size;
//	};
type ShapeType struct {
	_ struct{} `dds:"name=ShapeType,appendable"`

	Color                 string `dds:"key,bound=128"`
	X, Y, ShapeSize       int32
	AdditionalPayloadSize []byte
}

// The area in which shapes move.
const width, height = 240, 270

// A velocity is how far a shape moves in one step.
type velocity struct{ x, y int32 }

// move moves s by one step; at the border it turns round.
func (v *velocity) move(s *ShapeType) {
	s.X, v.x = step(s.X, v.x, width)
	s.Y, v.y = step(s.Y, v.y, height)
}

func step(at, by, limit int32) (int32, int32) {
	switch at += by; {
	case at < 0:
		return 0, -by
	case at > limit:
		return limit, -by
	}
	return at, by
}
