module github.com/backstay-go/backstay/cmd/backstay

go 1.26

require (
	github.com/backstay-go/backstay v0.0.0
	github.com/backstay-go/backstay/gateway v0.0.0
)

replace (
	github.com/backstay-go/backstay => ../../
	github.com/backstay-go/backstay/gateway => ../../gateway
)
