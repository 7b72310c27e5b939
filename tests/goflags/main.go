// goflags is the reference for the command line of Google's health checker: Go's own flag package, with flags of the same names and types.
// It reads a JSON array of command lines, and writes for each what Go makes of it.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"time"
)

// Outcome is what Go makes of one command line.
type Outcome struct {
	// Help says that the usage was asked for.
	Help bool `json:"help"`
	// Error is empty for a command line that is right.
	Error string `json:"error"`
	// Values has the flags that were given: booleans, numbers, texts, and durations in nanoseconds.
	Values map[string]any `json:"values"`
	Rest   []string       `json:"rest"`
}

func parse(args []string) Outcome {
	flags := flag.NewFlagSet("seesaw_healthcheck", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Duration("batch_delay", 100*time.Millisecond, "")
	flags.Int("batch_size", 100, "")
	flags.Bool("dry_run", false, "")
	flags.String("log_dir", "", "")
	flags.Bool("logtostderr", false, "")
	err := flags.Parse(args)
	outcome := Outcome{Values: map[string]any{}, Rest: flags.Args()}
	if errors.Is(err, flag.ErrHelp) {
		outcome.Help = true
	} else if err != nil {
		outcome.Error = err.Error()
	}
	flags.Visit(func(given *flag.Flag) {
		value := given.Value.(flag.Getter).Get()
		if duration, ok := value.(time.Duration); ok {
			value = int64(duration)
		}
		outcome.Values[given.Name] = value
	})
	return outcome
}

func main() {
	var lines [][]string
	if err := json.NewDecoder(os.Stdin).Decode(&lines); err != nil {
		panic(err)
	}
	outcomes := make([]Outcome, len(lines))
	for i, line := range lines {
		outcomes[i] = parse(line)
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcomes); err != nil {
		panic(err)
	}
}
