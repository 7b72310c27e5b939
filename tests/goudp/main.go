// Command goudp is a UDP service as Go programs write them, for the tests of UDP checks. tests/harness/backends/go-udp.ts
// builds and runs it.
//
// It listens on 127.0.0.1 and, where the host has it, on ::1, each with a port of the kernel's choice; writes one line of JSON with both ports (0 for
// none); and ends with its stdin. The datagram "ping" is answered by "pong" and a NUL, "echo X" by "X", an empty one by an empty one; others are not
// answered.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
)

func answer(request []byte) ([]byte, bool) {
	switch {
	case len(request) == 0:
		return nil, true
	case bytes.Equal(request, []byte("ping")):
		return []byte("pong\x00"), true
	case bytes.HasPrefix(request, []byte("echo ")):
		return request[len("echo "):], true
	}
	return nil, false
}

func serve(connection *net.UDPConn) {
	buffer := make([]byte, 65536)
	for {
		length, peer, err := connection.ReadFromUDP(buffer)
		if err != nil {
			continue
		}
		if reply, found := answer(buffer[:length]); found {
			// A check that is over has closed its port.
			_, _ = connection.WriteToUDP(reply, peer)
		}
	}
}

func listen(ip net.IP) int {
	connection, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip})
	if err != nil {
		return 0
	}
	go serve(connection)
	return connection.LocalAddr().(*net.UDPAddr).Port
}

func main() {
	ports := map[string]int{"v4": listen(net.IPv4(127, 0, 0, 1)), "v6": listen(net.IPv6loopback)}
	if err := json.NewEncoder(os.Stdout).Encode(ports); err != nil {
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}
