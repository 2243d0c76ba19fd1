package wasmcell

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func TestStreams(t *testing.T) {
	var out, lines bytes.Buffer
	sandbox := must[*Sandbox](t)(NewSandbox(
		WithStdin(iotest.OneByteReader(strings.NewReader("first\nsecond"))),
		WithStdout(&out), WithStderrLines(&lines)))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	for call, want := range map[string]string{
		`print("to stdout")`:     "()",
		`complain("one\ntwo\n")`: "()",
		"read-all()":             `ok("first\nsecond")`,
	} {
		if got, err := c.CallText(background, outside+call); err != nil || got != want {
			t.Error(call, got, err)
		}
	}
	if out.String() != "to stdout" || lines.String() != "one\ntwo\n" {
		t.Errorf("%q, %q", out.String(), lines.String())
	}
}

func TestReadersThatFail(t *testing.T) {
	broken := errors.New("the tape broke")
	for name, reader := range map[string]io.Reader{
		"the tape broke": iotest.ErrReader(broken),
		"panic:":         panicking{},
		"multiple Read":  neverReading{},
	} {
		sandbox := must[*Sandbox](t)(NewSandbox(WithStdin(reader)))
		c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
		sandbox.Close()
		_, err := c.Call(background, outside+"read-all")
		if !errors.Is(err, ErrHost) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, not %s", err, name)
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("read") }

type neverReading struct{}

func (neverReading) Read([]byte) (int, error) { return 0, nil }

// TestWritersAreCalledOneByOne prints from many calls at once to a writer that is not safe for it.
func TestWritersAreCalledOneByOne(t *testing.T) {
	var out bytes.Buffer
	sandbox := must[*Sandbox](t)(NewSandbox(WithStdout(&out)))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	var goroutines sync.WaitGroup
	for range 8 {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			for range 20 {
				if _, err := c.Call(background, outside+"print", "0123456789"); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	goroutines.Wait()
	if out.Len() != 8*20*10 {
		t.Errorf("%d bytes", out.Len())
	}
}

func TestCommands(t *testing.T) {
	sandbox := must[*Sandbox](t)(NewSandbox(WithArgs("command", "7"),
		WithStdinBytes([]byte("input")), WithCapturedStdout(), WithCapturedStderr()))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), commandFile, WithSandbox(sandbox))
	var out Output
	status, err := c.Run(CallWith(background, CaptureOutput(&out)))
	if err != nil || status != 7 || string(out.Stdout) != "arguments: command 7\ninput" {
		t.Errorf("%d, %v, %q", status, err, out.Stdout)
	}
}

func TestDirectories(t *testing.T) {
	directory := t.TempDir()
	check(t, os.WriteFile(filepath.Join(directory, "hello.txt"), []byte("hello"), 0o600))
	sandbox := must[*Sandbox](t)(NewSandbox(WithDirectory(directory, "/data", RightRead|RightList)))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	if got, err := c.Call(background, outside+"read-file", "/data/hello.txt"); err != nil ||
		got != "hello" {
		t.Error(got, err)
	}
	_, err := c.Call(background, outside+"write-file", "/data/new.txt", "x")
	if refused := (*ResultError[string])(nil); !errors.As(err, &refused) ||
		refused.Value != "PermissionDenied" {
		t.Error(err)
	}
}

func TestGrantsThatMakeNoSense(t *testing.T) {
	for code, options := range map[Code][]SandboxOption{
		ErrInvalidArgument: {WithArgs("a\x00b"), WithEnv("", "x"), WithDirectory(".", "/", 0),
			WithConnect("nowhere", 1, 2), WithBind("::", 2, 1), WithNameLookup("no name")},
		ErrIO: {WithDirectory("no-such", "/data", RightRead)},
	} {
		for i, option := range options {
			if _, err := NewSandbox(option); !errors.Is(err, code) {
				t.Errorf("option %d: %v, not %v", i, err, code)
			}
		}
	}
}

// TestInheritedStreamsLoad only makes them: what they print is this process's.
func TestInheritedStreamsLoad(t *testing.T) {
	sandbox := must[*Sandbox](t)(NewSandbox(WithInheritedStdin(), WithInheritedStdout(),
		WithInheritedStderr(), WithRandomSeed(1), WithConfig("a", "b"), WithInitialDirectory("/")))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	if got, err := c.CallText(background, outside+`config("a")`); err != nil ||
		got != `ok(some("b"))` {
		t.Error(got, err)
	}
}

func TestOutputCollects(t *testing.T) {
	sandbox := must[*Sandbox](t)(NewSandbox(WithCapturedStdout()))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	for _, collect := range []bool{false, true} {
		output := Output{Limit: 8, Collect: collect}
		ctx := CallWith(background, CaptureOutput(&output))
		for _, text := range []string{"one", "two", "three"} {
			if _, err := c.CallText(ctx, outside+`print("`+text+`")`); err != nil {
				t.Fatal(err)
			}
		}
		want := map[bool]string{false: "three", true: "onetwoth"}[collect]
		if string(output.Stdout) != want || output.Truncated != collect {
			t.Errorf("%q, %v", output.Stdout, output.Truncated)
		}
	}
}
