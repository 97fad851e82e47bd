module github.com/backstay-go/backstay

go 1.26
