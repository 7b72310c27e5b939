module healthcheck.test/goflags

go 1.19
