package wasmcell

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestConformance runs the scenarios of tests/conformance, which say what is done and what must
// come back, the same in every language. The format is in tests/conformance/README.md.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testsDirectory, "conformance", "*.txt"))
	check(t, err)
	if len(files) == 0 {
		t.Fatal("no scenarios")
	}
	count := 0
	for _, file := range files {
		for _, scenario := range readScenarios(t, file) {
			count++
			name := strings.TrimSuffix(filepath.Base(file), ".txt")
			name += "/" + scenario[0].lines[0].value
			t.Run(name, func(t *testing.T) { runScenario(t, scenario) })
		}
	}
	closeDefaultRuntime()
	t.Logf("%d scenarios in %d files", count, len(files))
}

const testsDirectory = "../../tests"

type line struct {
	key, value string
	number     int
}

// block is lines without an empty one between them.
type block struct{ lines []line }

// get is the value of the first line with this key.
func (b block) get(key string) (string, bool) {
	for _, line := range b.lines {
		if line.key == key {
			return line.value, true
		}
	}
	return "", false
}

func (b block) value(key string) string {
	value, _ := b.get(key)
	return value
}

// readScenarios reads a file: a scenario is its scene and its steps.
func readScenarios(t *testing.T, file string) [][]block {
	text, err := os.ReadFile(file)
	check(t, err)
	var scenarios [][]block
	open := false
	for i, text := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(text, "#") {
			continue
		}
		if text == "" {
			open = false
			continue
		}
		key, value, ok := strings.Cut(text, ":")
		if !ok || value != "" && value[0] != ' ' {
			t.Fatalf("%s:%d: %q is not `key: value`", file, i+1, text)
		}
		entry := line{key, strings.TrimPrefix(value, " "), i + 1}
		if !open && key == "scenario" {
			scenarios = append(scenarios, nil)
		}
		if len(scenarios) == 0 {
			t.Fatalf("%s does not begin with `scenario:`", file)
		}
		last := &scenarios[len(scenarios)-1]
		if !open {
			*last = append(*last, block{})
		}
		open = true
		lines := &(*last)[len(*last)-1].lines
		*lines = append(*lines, entry)
	}
	return scenarios
}

func runScenario(t *testing.T, blocks []block) {
	s := &scene{t: t, instances: map[string]*Instance{}, resources: map[string]any{}}
	defer s.close()
	failed := s.setUp(blocks[0])
	s.expect(blocks[0], &outcome{err: failed})
	if failed != nil || t.Failed() {
		return
	}
	if len(blocks) == 1 && s.component == nil && blocks[0].value("error") == "" {
		t.Error("nothing is done")
	}
	for _, step := range blocks[1:] {
		s.step(step)
	}
}

// words splits at single spaces; the last word takes the rest.
func words(t *testing.T, text string, count int) []string {
	t.Helper()
	all := strings.SplitN(text, " ", count)
	if len(all) != count {
		t.Fatalf("%q has fewer than %d words", text, count)
	}
	return all
}

func numberOf(t *testing.T, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	check(t, err)
	return n
}

func yes(t *testing.T, text string) bool {
	t.Helper()
	if text != "yes" && text != "no" {
		t.Fatalf("%q is neither yes nor no", text)
	}
	return text == "yes"
}

// unescape replaces \n, \t and \\.
func unescape(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch {
		case i < len(text) && text[i] == 'n':
			out.WriteByte('\n')
		case i < len(text) && text[i] == 't':
			out.WriteByte('\t')
		case i < len(text) && text[i] == '\\':
			out.WriteByte('\\')
		default:
			t.Fatalf("only \\n, \\t and \\\\ are known: %q", text)
		}
	}
	return out.String()
}
