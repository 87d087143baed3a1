package rtps

// A Gap says that samples Start..List.Base-1 and those in List are not
// available or of no relevance to the reader.
//
// DDSI-RTPS 2.5, 8.3.8.4 (meaning) and 9.4.5.6 (wire).
type Gap struct {
	Reader, Writer EntityID
	Start          SequenceNumber
	List           SequenceNumberSet
}
