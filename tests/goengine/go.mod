module healthcheck.test/goengine

go 1.19
