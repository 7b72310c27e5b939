module healthcheck.test/goclient

go 1.19
