module github.com/backstay-go/backstay/gateway

go 1.26

require github.com/backstay-go/backstay v0.0.0

replace github.com/backstay-go/backstay => ../
