package smime

// Parse gives the fuzzer the way in behind base64.
func Parse(p7 []byte) { _, _ = parse(p7) }
