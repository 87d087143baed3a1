module github.com/secdds/dds

go 1.26.0

tool honnef.co/go/tools/cmd/staticcheck

require (
	github.com/beevik/etree v1.8.1 // indirect
	github.com/smallstep/pkcs7 v0.2.3 // indirect
	github.com/stretchr/testify v1.11.1 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	honnef.co/go/tools v0.7.0 // indirect
)
