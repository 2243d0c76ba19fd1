package wasmcell

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
)

// inherited tells a child of TestShared that it has the code as its fourth descriptor.
const inherited = "WASMCELL_TEST_INHERITED"

// TestShared compiles in this process, and loads in this one and in a program that it starts.
func TestShared(t *testing.T) {
	if os.Getenv(inherited) != "" {
		greetShared(t, os.NewFile(3, "inherited"))
		return
	}
	c := must[*Component](t)(smallRuntime(t).LoadFile(greeterFile))
	file := must[*os.File](t)(c.Share())
	defer file.Close()
	c.Close()
	if _, err := c.Share(); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestShared$")
	child.Env = append(os.Environ(), inherited+"=1")
	child.ExtraFiles = []*os.File{file}
	if output, err := child.CombinedOutput(); err != nil {
		t.Errorf("the child: %v\n%s", err, output)
	}
	if _, err := file.WriteAt([]byte("x"), 0); err == nil {
		t.Error("the file can be changed")
	}
	null := must[*os.File](t)(os.Open(os.DevNull))
	defer null.Close()
	if _, err := smallRuntime(t).LoadShared(null); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%s: %v", os.DevNull, err)
	}
	greetShared(t, file)
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := smallRuntime(t).LoadShared(file); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a closed file: %v", err)
	}
}

func greetShared(t *testing.T, file *os.File) {
	t.Helper()
	c := must[*Component](t)(smallRuntime(t).LoadShared(file))
	defer c.Close()
	if got, err := c.CallText(background, `greet("you")`); err != nil || got != `"Hello, you!"` {
		t.Errorf("%q, %v", got, err)
	}
}
