package wasmcell

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// outcome is what a step came to.
type outcome struct {
	err     error
	text    string
	hasText bool
	ran     bool
	status  int
	output  *Output
	report  Report
	printed string
}

func textOutcome(text string, err error) outcome {
	return outcome{err: err, text: text, hasText: err == nil}
}

var callingKeys = []string{"in", "async", "timeout", "fuel", "cancel", "context", "capture", "keep"}

// step does what a block says, and compares.
func (s *scene) step(b block) {
	first := b.lines[0]
	for _, line := range b.lines[1:] {
		if !contains(callingKeys, line.key) && !contains(expectingKeys, line.key) {
			s.t.Fatalf("line %d: unknown key %q", line.number, line.key)
		}
	}
	begins := first.key == "begin"
	output := &Output{Limit: 64 << 10}
	var report Report
	ctx, end := s.context(b, begins, output, &report)
	defer end()
	s.printed.take()
	out := s.do(ctx, b)
	out.output, out.report, out.printed = output, report, s.printed.take()
	s.expect(b, &out)
}

// context is the context of a step's call.
func (s *scene) context(b block, begins bool, output *Output, report *Report) (context.Context,
	func()) {
	ctx := context.Background()
	var ends []func()
	end := func() {
		for _, end := range ends {
			end()
		}
	}
	if text, ok := b.get("context"); ok {
		ctx = context.WithValue(ctx, attached{}, text)
	}
	var options []CallOption
	if !begins {
		if limit, ok := b.get("capture"); ok {
			output.Limit = numberOf(s.t, limit)
		}
		options = append(options, CaptureOutput(output), ReportTo(report))
	}
	if fuel, ok := b.get("fuel"); ok {
		options = append(options, Fuel(numberOf(s.t, fuel)))
	}
	if async := b.value("async"); begins || async == "yes" || async == "text" {
		options = append(options, OnWorkers())
	}
	if ms, ok := b.get("timeout"); ok {
		options = append(options, Timeout(time.Duration(numberOf(s.t, ms))*time.Millisecond))
	}
	ctx = CallWith(ctx, options...)
	if when, ok := b.get("cancel"); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		ends = append(ends, cancel)
		if when == "before" {
			cancel()
		} else {
			ms := numberOf(s.t, strings.TrimPrefix(when, "after "))
			time.AfterFunc(time.Duration(ms)*time.Millisecond, cancel)
		}
	}
	return ctx, end
}

// do does the one thing that the block says.
func (s *scene) do(ctx context.Context, b block) outcome {
	first := b.lines[0]
	switch first.key {
	case "call":
		if async, ok := b.get("async"); ok && async != "text" && yes(s.t, async) {
			return s.callValues(ctx, b, first.value)
		}
		return s.callText(ctx, b, first.value)
	case "run":
		status, err := s.in(b).Run(ctx)
		return outcome{err: err, ran: err == nil, status: status}
	case "instance":
		instance, err := s.component.Instantiate(ctx)
		if err == nil {
			s.instances[first.value] = instance
		}
		return outcome{err: err}
	case "free":
		s.instances[first.value].Close()
		delete(s.instances, first.value)
		return outcome{}
	case "type":
		f, err := s.component.Function(first.value)
		if err != nil {
			return outcome{err: err}
		}
		return textOutcome(f.Type().String(), nil)
	case "value":
		return s.roundTrip(first.value)
	case "drop":
		number := s.resources[first.value].(*Resource).number
		return outcome{err: s.in(b).(*Instance).dropResource(ctx, number)}
	case "begin":
		s.begin(ctx, b, first.value)
		return outcome{}
	case "end":
		out := <-s.begun
		s.begun = nil
		return out
	}
	s.t.Fatalf("line %d: %q is nothing to do", first.number, first.key)
	return outcome{}
}

// looker is a Component or an Instance.
type looker interface {
	Function(string) (*Function, error)
	Run(context.Context) (int, error)
}

// in is what a step calls: the instance that it is `in:`, or the component.
func (s *scene) in(b block) looker {
	name, ok := b.get("in")
	if !ok {
		return s.component
	}
	instance := s.instances[name]
	if instance == nil {
		s.t.Fatalf("no instance %q", name)
	}
	return instance
}

// callText calls with text in and out.
func (s *scene) callText(ctx context.Context, b block, call string) outcome {
	if _, ok := b.get("in"); !ok {
		return textOutcome(s.component.CallText(ctx, call))
	}
	name, _, _ := strings.Cut(call, "(")
	f, err := s.in(b).Function(name)
	if err != nil {
		return outcome{err: err}
	}
	return textOutcome(f.CallText(ctx, call))
}

// callValues calls with values.
func (s *scene) callValues(ctx context.Context, b block, call string) outcome {
	name, _, _ := strings.Cut(call, "(")
	f, err := s.in(b).Function(name)
	if err != nil {
		return outcome{err: err}
	}
	result, err := f.Call(ctx, s.arguments(f, call)...)
	if err != nil {
		return outcome{err: err}
	}
	switch value := result.(type) {
	case nil:
		return textOutcome("()", nil)
	case string:
		return textOutcome(`"`+value+`"`, nil)
	case *Resource, *testCounter:
		if keep, ok := b.get("keep"); ok {
			s.resources[keep] = value
		}
		return textOutcome("resource", nil)
	}
	return textOutcome(fmt.Sprint(result), nil)
}

// begin starts a call, and waits until the runtime says so.
func (s *scene) begin(ctx context.Context, b block, call string) {
	if s.begun != nil {
		s.t.Fatal("a call was begun and has not ended")
	}
	before := must[Stats](s.t)(s.runtime.Stats())
	done := make(chan outcome, 1)
	s.begun = done
	go func() { done <- s.callValues(ctx, b, call) }()
	for range 1000 {
		if must[Stats](s.t)(s.runtime.Stats()).Started > before.Started {
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatal("the call does not begin")
}

// arguments reads the arguments of a call: booleans, numbers, strings, resources.
func (s *scene) arguments(f *Function, call string) []any {
	_, rest, _ := strings.Cut(call, "(")
	var args []any
	for rest != ")" {
		rest = strings.TrimLeft(rest, ", ")
		if len(args) >= len(f.Type().Fields()) {
			s.t.Fatalf("too many arguments: %s", call)
		}
		if rest[0] == '"' {
			end := 1
			for rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			text := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(rest[1:end])
			args, rest = append(args, text), rest[end+1:]
			continue
		}
		end := strings.IndexAny(rest, ",)")
		arg, err := s.argument(f.Type().Fields()[len(args)].Type.Kind(), rest[:end])
		check(s.t, err)
		args, rest = append(args, arg), rest[end:]
	}
	return args
}

func (s *scene) argument(kind Kind, text string) (any, error) {
	switch kind {
	case KindBool:
		return strconv.ParseBool(text)
	case KindU32:
		n, err := strconv.ParseUint(text, 10, 32)
		return uint32(n), err
	case KindU64:
		return strconv.ParseUint(text, 10, 64)
	case KindS32:
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case KindS64:
		return strconv.ParseInt(text, 10, 64)
	case KindOwn, KindBorrow:
		if resource := s.resources[strings.TrimPrefix(text, "$")]; resource != nil {
			return resource, nil
		}
	}
	return nil, errors.New("no argument: " + text)
}

// roundTrip reads a value of what a function takes, and writes it.
func (s *scene) roundTrip(what string) outcome {
	name, text, _ := strings.Cut(what, " ")
	f, err := s.component.Function(name)
	if err != nil {
		return outcome{err: err}
	}
	w := f.Type().Fields()[0].Type
	value, err := w.ParseValue(text)
	if err != nil {
		return outcome{err: err}
	}
	if same, err := w.ValuesEqual(value, value); !same || err != nil {
		s.t.Fatalf("%s is not what it is: %v", text, err)
	}
	return textOutcome(w.ValueText(value))
}
