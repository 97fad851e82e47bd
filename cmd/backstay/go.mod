module github.com/backstay-go/backstay/cmd/backstay

go 1.26

require (
	github.com/backstay-go/backstay v0.0.0
	github.com/backstay-go/backstay/gateway v0.0.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9
	golang.org/x/term v0.39.0
)

require (
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/google/jsonschema-go v0.4.3 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	golang.org/x/sys v0.40.0 // indirect
)

replace (
	github.com/backstay-go/backstay => ../../
	github.com/backstay-go/backstay/gateway => ../../gateway
)
