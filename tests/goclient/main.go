// Command goclient validates the output of the server: it reads as the deployed Go proxy does, with
// bufio.Scanner's default buffer and into the same Go types. tests/harness/client/goclient.ts builds and runs it.
//
// Usage: goclient SOCKET. Lines on stdin go to the socket as they are; for each line of the server one
// line of JSON goes to stdout. Exit status: 0 at the server's EOF, 3 at a line that Go cannot take.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// status is STATUS of the protocol, with the proxy's own types.
type status struct {
	LastCheck *time.Time    `json:"last_check,omitempty"`
	Duration  time.Duration `json:"duration"`
	Failures  uint64        `json:"failures"`
	Successes uint64        `json:"successes"`
	State     string        `json:"state"`
	Message   string        `json:"message"`
}

type notification struct {
	ID     uint64 `json:"id"`
	Status status `json:"status"`
}

type batch struct {
	Notifications []notification `json:"notifications"`
}

type serverMessage struct {
	Type     string         `json:"type"`
	Batch    *batch         `json:"batch,omitempty"`
	Statuses []notification `json:"statuses,omitempty"`
	Message  *string        `json:"message,omitempty"`
}

// reportStatus repeats a status with every 64-bit number as text, so that JavaScript loses no digit.
type reportStatus struct {
	ID         string  `json:"id"`
	State      string  `json:"state"`
	Message    string  `json:"message"`
	DurationNs string  `json:"duration_ns"`
	LastCheck  *string `json:"last_check"`
	Failures   string  `json:"failures"`
	Successes  string  `json:"successes"`
}

type report struct {
	Type      string         `json:"type"`
	LineBytes int            `json:"line_bytes,omitempty"`
	Statuses  []reportStatus `json:"statuses,omitempty"`
	Message   *string        `json:"message,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: goclient SOCKET")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1]))
}

func run(socket string) int {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return clientError(err)
	}
	defer conn.Close()
	// The end of stdin leaves the connection open: the proxy never half-closes.
	go func() { _, _ = io.Copy(conn, os.Stdin) }()

	scanner := bufio.NewScanner(conn)
	for scanner.Scan() {
		message, err := decode(scanner.Bytes())
		if err != nil {
			return clientError(err)
		}
		emit(describe(message, len(scanner.Bytes())+1))
	}
	if err := scanner.Err(); err != nil {
		return clientError(err)
	}
	emit(report{Type: "eof"})
	return 0
}

// decode is stricter than the proxy in two things: an unknown field and a message without its payload are
// errors here, where the proxy would silently see nothing.
func decode(line []byte) (serverMessage, error) {
	var message serverMessage
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&message); err != nil {
		return message, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return message, errors.New("more than one JSON value in a line")
	}
	switch message.Type {
	case "ready", "status_response":
	case "notification_batch":
		if message.Batch == nil {
			return message, errors.New("notification_batch without batch")
		}
	case "error":
		if message.Message == nil {
			return message, errors.New("error without message")
		}
	default:
		return message, fmt.Errorf("unknown message type %q", message.Type)
	}
	return message, nil
}

func describe(message serverMessage, lineBytes int) report {
	entries := message.Statuses
	if message.Batch != nil {
		entries = append(entries, message.Batch.Notifications...)
	}
	out := report{Type: message.Type, LineBytes: lineBytes, Message: message.Message}
	for _, entry := range entries {
		var lastCheck *string
		if entry.Status.LastCheck != nil {
			text := entry.Status.LastCheck.Format(time.RFC3339Nano)
			lastCheck = &text
		}
		out.Statuses = append(out.Statuses, reportStatus{
			ID:         strconv.FormatUint(entry.ID, 10),
			State:      entry.Status.State,
			Message:    entry.Status.Message,
			DurationNs: strconv.FormatInt(int64(entry.Status.Duration), 10),
			LastCheck:  lastCheck,
			Failures:   strconv.FormatUint(entry.Status.Failures, 10),
			Successes:  strconv.FormatUint(entry.Status.Successes, 10),
		})
	}
	return out
}

func clientError(err error) int {
	text := err.Error()
	emit(report{Type: "client_error", Message: &text})
	return 3
}

func emit(out report) {
	line, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(append(line, '\n'))
}
