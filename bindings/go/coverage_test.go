package wasmcell

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// leftOut are the functions of the C API that the binding does not call, and why.
var leftOut = map[string]string{
	"runtime_call_alloc":          "results lie in Go memory that is pinned until the call ends",
	"runtime_cancel_clone":        "Go shares pointers",
	"runtime_component_clone":     "Go shares pointers",
	"runtime_error_clone":         "Go copies errors",
	"runtime_error_of_code":       "errors of host functions come out of a call as themselves",
	"runtime_function_clone":      "Go shares pointers",
	"runtime_cancel_is_triggered": "the context knows",
	"runtime_feature_count":       "AllFeatures asks for names until there is none",
	"runtime_output_collect":      "Output.Collect appends copies",
	"runtime_linker_define_all":   "each function of a map has a handle of its own",
	"runtime_pending_free":        "a goroutine waits for its call",
	"runtime_pending_is_done":     "a goroutine waits for its call",
	"runtime_pending_wait":        "a goroutine waits for its call",

	"runtime_component_new_async":       "a goroutine waits for its load",
	"runtime_component_from_file_async": "a goroutine waits for its load",
	"runtime_pending_wait_component":    "a goroutine waits for its load",
	"runtime_pending_wait_instance":     "a goroutine waits for its instance",
}

// TestEveryFunctionOfTheCAPI compares the header with what internal/capi calls.
func TestEveryFunctionOfTheCAPI(t *testing.T) {
	called := map[string]bool{}
	for _, pattern := range []string{"*.go", "*.c"} {
		for _, path := range must[[]string](t)(filepath.Glob("internal/capi/" + pattern)) {
			text := must[[]byte](t)(os.ReadFile(path))
			for _, name := range regexp.MustCompile(`\bruntime_[a-z_0-9]+\b`).FindAll(text, -1) {
				called[string(name)] = true
			}
		}
	}
	declared := regexp.MustCompile(`(?m)^RUNTIME_API .*\b(runtime_[a-z_0-9]+)\(`).
		FindAllStringSubmatch(headerText(t), -1)
	if len(declared) < 140 {
		t.Fatalf("only %d functions in the header", len(declared))
	}
	for _, match := range declared {
		name := match[1]
		if called[name] == (leftOut[name] != "") {
			t.Errorf("%s: is called %v, is left out %q", name, called[name], leftOut[name])
		}
	}
	t.Logf("%d functions, %d left out", len(declared), len(leftOut))
}
