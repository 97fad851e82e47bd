module github.com/backstay-go/backstay/gateway

go 1.26

require github.com/backstay-go/backstay v0.0.0

require github.com/goccy/go-yaml v1.19.2

require github.com/google/jsonschema-go v0.4.3

replace github.com/backstay-go/backstay => ../
