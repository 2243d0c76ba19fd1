package wasmcell

import (
	"errors"
	"strings"
)

var expectingKeys = []string{
	"expect", "error", "exit", "message", "message contains", "trap", "exit status", "frame",
	"stdout", "stderr", "fuel used", "truncated", "drops", "poisoned", "printed", "logged",
	"expect begins",
}

func contains(all []string, one string) bool {
	for _, text := range all {
		if text == one {
			return true
		}
	}
	return false
}

// expect compares what a step came to with everything that its block expects. What it does not
// mention must be a success.
func (s *scene) expect(b block, out *outcome) {
	t := s.t
	t.Helper()
	_, fails := b.get("error")
	if !fails && out.err != nil {
		t.Errorf("line %d: %v: %v", b.lines[0].number, codeOf(out.err), out.err)
	}
	_, whole := b.get("expect")
	_, start := b.get("expect begins")
	if out.hasText && !whole && !start {
		t.Errorf("line %d: it gives %q, which no line expects", b.lines[0].number, out.text)
	}
	if _, exits := b.get("exit"); out.ran && !exits {
		t.Errorf("line %d: no line says which exit status to expect", b.lines[0].number)
	}
	for _, line := range b.lines {
		s.expectLine(line, b, out)
	}
}

func codeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// expectLine compares with one line.
func (s *scene) expectLine(line line, b block, out *outcome) {
	t, want := s.t, line.value
	fail := func(what string, got any) {
		t.Errorf("line %d: %s is %q, expected %q", line.number, what, got, want)
	}
	equal := func(what, got string) {
		if got != want {
			fail(what, got)
		}
	}
	var failure Error
	if e := (*Error)(nil); errors.As(out.err, &e) {
		failure = *e
	}
	switch line.key {
	case "expect":
		equal("the result", out.text)
	case "expect begins":
		if !strings.HasPrefix(out.text, want) {
			fail("the result", out.text)
		}
	case "error":
		equal("the error", failure.Code.String())
		if out.err != nil && !errors.Is(out.err, failure.Code) {
			fail("errors.Is", false)
		}
	case "exit":
		if !out.ran || uint64(out.status) != numberOf(t, want) {
			fail("the exit status", out.status)
		}
	case "message":
		equal("the message", failure.Message)
	case "message contains":
		if !strings.Contains(failure.Message, want) {
			fail("the message", failure.Message)
		}
	case "trap":
		equal("the trap", failure.Trap.String())
	case "exit status":
		if uint64(failure.ExitStatus) != numberOf(t, want) {
			fail("the error's exit status", failure.ExitStatus)
		}
	case "frame":
		found := false
		for _, frame := range failure.Frames {
			found = found || frame.Function == want
		}
		if !found {
			fail("the frames", failure.Frames)
		}
	case "stdout":
		want = unescape(t, want)
		equal("stdout", string(out.output.Stdout))
	case "stderr":
		want = unescape(t, want)
		equal("stderr", string(out.output.Stderr))
	case "truncated":
		if out.output.Truncated != yes(t, want) {
			fail("truncated", out.output.Truncated)
		}
	case "printed":
		want = unescape(t, want)
		equal("what is printed", out.printed)
	case "logged":
		if !strings.Contains(s.log.all(), want) {
			fail("the log", s.log.all())
		}
	case "fuel used":
		if out.report.FuelUsed != numberOf(t, want) {
			fail("the fuel used", out.report.FuelUsed)
		}
	case "drops":
		if uint64(s.host.drops.Load()) != numberOf(t, want) {
			fail("the count of drops", s.host.drops.Load())
		}
	case "poisoned":
		if s.in(b).(*Instance).IsPoisoned() != yes(t, want) {
			fail("poisoned", !yes(t, want))
		}
	}
}
