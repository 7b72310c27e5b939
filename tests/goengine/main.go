// Command goengine is the Seesaw engine as a health checker sees it: net/rpc over gob on a Unix socket, with types of the
// same shape. tests/harness/engine/goengine.ts builds and runs it.
//
// Usage: goengine [-old] [-command JSON] SOCKET. The command is obeyed before it listens. Further commands come as lines of JSON on stdin, each answered by an event; each call makes an
// event on stdout, too. With -old its Context is that of engines before June 2020.
package main

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type Peer struct {
	Component int
	Identity  string
}

type User struct {
	Groups   []string
	UID      string
	Username string
}

type Context struct {
	AuthToken string
	AuthType  int
	Groups    []string
	Peer      Peer
	Proxy     Peer
	User      User
}

// OldContext is Context before June 2020.
type OldContext struct {
	AuthToken string
	AuthType  int
	Groups    []string
	Peer      Peer
	Proxy     Peer
	User      string
}

type Checks struct {
	Configs map[uint64]*Config
}

type Checker interface{}

type Config struct {
	Id       uint64
	Interval time.Duration
	Timeout  time.Duration
	Retries  int
	Checker  Checker
}

type Target struct {
	IP    net.IP
	Host  net.IP
	Mark  int
	Mode  int
	Port  int
	Proto uint16
}

type TCPChecker struct {
	Target
	Receive   string
	Send      string
	Secure    bool
	TLSVerify bool
}

type UDPChecker struct {
	Target
	Receive string
	Send    string
}

type HTTPChecker struct {
	Target
	Secure       bool
	TLSVerify    bool
	Method       string
	Proxy        bool
	Request      string
	Response     string
	ResponseCode int
}

type Question struct {
	Name   string
	Qtype  uint16
	Qclass uint16
}

type DNSChecker struct {
	Target
	Question Question
	Answer   string
}

type PingChecker struct {
	Target
	ID     uint16
	Seqnum uint16
}

type RADIUSChecker struct {
	Target
	Username string
	Password string
	Secret   string
	Response string
}

// FancyChecker is of no type that a health checker knows; its value holds an interface of another new type.
type FancyChecker struct {
	Target
	Levels map[string][]float64
	When   time.Time
	Any    interface{}
}

type Status struct {
	LastCheck time.Time
	Duration  time.Duration
	Failures  uint64
	Successes uint64
	State     int
	Message   string
}

type Notification struct {
	Id     uint64
	Status Status
}

type HealthState struct {
	Ctx           *Context
	Notifications []*Notification
}

type OldHealthState struct {
	Ctx           *OldContext
	Notifications []*Notification
}

var checkers = map[string]func() Checker{
	"TCPChecker":    func() Checker { return &TCPChecker{} },
	"UDPChecker":    func() Checker { return &UDPChecker{} },
	"HTTPChecker":   func() Checker { return &HTTPChecker{} },
	"DNSChecker":    func() Checker { return &DNSChecker{} },
	"PingChecker":   func() Checker { return &PingChecker{} },
	"RADIUSChecker": func() Checker { return &RADIUSChecker{} },
	"FancyChecker": func() Checker {
		return &FancyChecker{Levels: map[string][]float64{"a": {1.5, -2}}, When: time.Now(), Any: Question{Name: "q"}}
	},
}

// check is one healthcheck of a command; the checker has Go's field names.
type check struct {
	ID       uint64          `json:"id,string"`
	Interval int64           `json:"interval_ns"`
	Timeout  int64           `json:"timeout_ns"`
	Retries  int             `json:"retries"`
	Type     string          `json:"type"`
	Checker  json.RawMessage `json:"checker"`
}

type command struct {
	// Checks replaces the set.
	Checks *[]check `json:"checks"`
	// Generate replaces the set by TCP and HTTP checks, in turn; or with Six by checks of all six types.
	Generate *struct {
		Count   int    `json:"count"`
		FirstID uint64 `json:"first_id,string"`
		IP      net.IP `json:"ip"`
		Port    int    `json:"port"`
		Six     bool   `json:"six"`
		// IntervalNs is 10 s by default.
		IntervalNs int64 `json:"interval_ns"`
	} `json:"generate"`
	// Error is the answer to every call until it is empty.
	Error *string `json:"error"`
	// DelayMs is how long every call takes.
	DelayMs *int64 `json:"delay_ms"`
}

type engine struct {
	mu       sync.Mutex
	configs  map[uint64]*Config
	failure  string
	delay    time.Duration
	inFlight int32
}

var output sync.Mutex

// report writes an event.
func report(event map[string]interface{}) {
	output.Lock()
	defer output.Unlock()
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// begin starts a call.
func (e *engine) begin(method string, auth int, peer Peer) error {
	flying := atomic.AddInt32(&e.inFlight, 1)
	e.mu.Lock()
	failure, delay := e.failure, e.delay
	e.mu.Unlock()
	report(map[string]interface{}{"event": method, "auth": auth, "component": peer.Component, "identity": peer.Identity, "in_flight": flying})
	time.Sleep(delay)
	if failure != "" {
		return errors.New(failure)
	}
	if auth != 2 {
		return errors.New("insufficient access")
	}
	return nil
}

func (e *engine) fetch(auth int, peer Peer, reply *Checks) error {
	defer atomic.AddInt32(&e.inFlight, -1)
	if err := e.begin("fetch", auth, peer); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	reply.Configs = e.configs
	return nil
}

func (e *engine) state(auth int, peer Peer, notifications []*Notification) error {
	defer atomic.AddInt32(&e.inFlight, -1)
	if err := e.begin("report", auth, peer); err != nil {
		return err
	}
	states := []map[string]interface{}{}
	for _, n := range notifications {
		s := n.Status
		states = append(states, map[string]interface{}{
			"id": strconv.FormatUint(n.Id, 10), "state": s.State, "message": s.Message,
			"duration_ns": strconv.FormatInt(int64(s.Duration), 10),
			"failures":    strconv.FormatUint(s.Failures, 10), "successes": strconv.FormatUint(s.Successes, 10),
			"last_check": s.LastCheck.Format(time.RFC3339Nano), "zero_time": s.LastCheck.IsZero(),
		})
	}
	report(map[string]interface{}{"event": "state", "notifications": states})
	return nil
}

// SeesawEngine has the methods that a health checker calls.
type SeesawEngine struct{ *engine }

func (s *SeesawEngine) Healthchecks(ctx *Context, reply *Checks) error {
	return s.fetch(ctx.AuthType, ctx.Peer, reply)
}

func (s *SeesawEngine) HealthState(args *HealthState, reply *int) error {
	if args.Ctx == nil {
		return errors.New("context is nil")
	}
	return s.state(args.Ctx.AuthType, args.Ctx.Peer, args.Notifications)
}

// OldSeesawEngine is SeesawEngine with the old Context.
type OldSeesawEngine struct{ *engine }

func (s *OldSeesawEngine) Healthchecks(ctx *OldContext, reply *Checks) error {
	return s.fetch(ctx.AuthType, ctx.Peer, reply)
}

func (s *OldSeesawEngine) HealthState(args *OldHealthState, reply *int) error {
	if args.Ctx == nil {
		return errors.New("context is nil")
	}
	return s.state(args.Ctx.AuthType, args.Ctx.Peer, args.Notifications)
}

// oneOfSix makes a checker of each type in turn, each with a specification of its own.
func oneOfSix(i int, target Target) Checker {
	name := strconv.Itoa(i)
	switch i % 6 {
	case 0:
		return &TCPChecker{Target: target, Send: name}
	case 1:
		return &HTTPChecker{Target: target, TLSVerify: true, Method: "GET", Request: "/" + name, ResponseCode: 200}
	case 2:
		target.Proto = 17
		return &UDPChecker{Target: target, Send: name, Receive: "x"}
	case 3:
		target.Proto = 17
		return &DNSChecker{Target: target, Question: Question{Name: "n" + name + ".example.com", Qtype: 1, Qclass: 1}, Answer: "192.0.2.1"}
	case 4:
		target.Port, target.Proto = 0, 1
		return &PingChecker{Target: target, ID: uint16(i)}
	}
	target.Proto = 17
	return &RADIUSChecker{Target: target, Username: "u" + name, Password: "p", Secret: "s", Response: "accept"}
}

func (e *engine) obey(c command) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.Error != nil {
		e.failure = *c.Error
	}
	if c.DelayMs != nil {
		e.delay = time.Duration(*c.DelayMs) * time.Millisecond
	}
	if c.Checks != nil {
		e.configs = map[uint64]*Config{}
		for _, one := range *c.Checks {
			config := &Config{Id: one.ID, Interval: time.Duration(one.Interval), Timeout: time.Duration(one.Timeout), Retries: one.Retries}
			if make := checkers[one.Type]; make != nil {
				checker := make()
				if err := json.Unmarshal(one.Checker, checker); err != nil {
					return err
				}
				config.Checker = checker
			}
			e.configs[one.ID] = config
		}
	}
	if g := c.Generate; g != nil {
		e.configs = map[uint64]*Config{}
		for i := 0; i < g.Count; i++ {
			id := g.FirstID + uint64(i)
			target := Target{IP: g.IP.To16(), Host: g.IP.To16(), Port: g.Port, Proto: 6}
			var checker Checker = &TCPChecker{Target: target}
			if i%2 == 1 {
				checker = &HTTPChecker{Target: target, TLSVerify: true, Method: "GET", Request: "/" + strconv.Itoa(i), ResponseCode: 200}
			}
			if g.Six {
				checker = oneOfSix(i, target)
			}
			interval := 10 * time.Second
			if g.IntervalNs > 0 {
				interval = time.Duration(g.IntervalNs)
			}
			e.configs[id] = &Config{Id: id, Interval: interval, Timeout: interval / 2, Checker: checker}
		}
	}
	return nil
}

func main() {
	old := flag.Bool("old", false, "a Context of before June 2020")
	first := flag.String("command", "{}", "the first command")
	flag.Parse()
	for name, make := range checkers {
		gob.RegisterName("*healthcheck."+name, make())
	}
	gob.Register(Question{})
	e := &engine{}
	var before command
	if err := json.Unmarshal([]byte(*first), &before); err != nil {
		panic(err)
	}
	if err := e.obey(before); err != nil {
		panic(err)
	}
	server := rpc.NewServer()
	var service interface{} = &SeesawEngine{e}
	if *old {
		service = &OldSeesawEngine{e}
	}
	if err := server.RegisterName("SeesawEngine", service); err != nil {
		panic(err)
	}
	listener, err := net.Listen("unix", flag.Arg(0))
	if err != nil {
		panic(err)
	}
	go server.Accept(listener)
	report(map[string]interface{}{"event": "listening"})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c command
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			err = e.obey(c)
		}
		if err != nil {
			panic(err)
		}
		report(map[string]interface{}{"event": "obeyed"})
	}
}
