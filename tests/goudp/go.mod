module healthcheck.test/goudp

go 1.19
