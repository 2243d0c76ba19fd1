package wasmcell

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// scene is what a scenario works with.
type scene struct {
	t         *testing.T
	runtime   *Runtime
	shared    bool
	component *Component
	linker    *Linker
	grants    []SandboxOption
	sandboxed bool
	sandbox   *Sandbox
	host      *testHostState
	log       logCollector
	printed   collector
	instances map[string]*Instance
	resources map[string]any // *Resource or *testCounter
	begun     chan outcome
	scratch   string
}

var defaultRuntime *Runtime

func closeDefaultRuntime() {
	if defaultRuntime != nil {
		defaultRuntime.Close()
		defaultRuntime = nil
	}
}

// setUp does what the first block says, up to the first failure.
func (s *scene) setUp(b block) error {
	s.scratch = s.t.TempDir()
	s.host = newTestHostState(s)
	if err := s.setUpRuntime(b); err != nil {
		return err
	}
	for _, line := range b.lines {
		if err := s.setUpLine(line); err != nil {
			return err
		}
	}
	if s.sandboxed {
		var err error
		if s.sandbox, err = NewSandbox(s.grants...); err != nil {
			return err
		}
	}
	return s.setUpComponent(b)
}

var numericSettings = map[string]func(uint64) RuntimeOption{
	"cache_memory":                     WithCacheMemory,
	"epoch_tick":                       inMilliseconds(WithEpochTick),
	"fuel":                             WithFuel,
	"instance_wait":                    inMilliseconds(WithInstanceWait),
	"max_component_size":               WithMaxComponentSize,
	"max_components":                   WithMaxComponents,
	"max_core_instances_per_component": WithMaxCoreInstancesPerComponent,
	"max_execution_time":               inMilliseconds(WithMaxExecutionTime),
	"max_hostcall_memory":              WithMaxHostcallMemory,
	"max_instance_memory":              WithMaxInstanceMemory,
	"max_linear_memory":                WithMaxLinearMemory,
	"max_memories_per_component":       WithMaxMemoriesPerComponent,
	"max_names_size":                   WithMaxNamesSize,
	"max_text_size":                    WithMaxTextSize,
	"max_compile_cost":                 WithMaxCompileCost,
	"max_compile_threads":              WithMaxCompileThreads,
	"max_pools":                        WithMaxPools,
	"max_random_size":                  WithMaxRandomSize,
	"max_descriptors":                  WithMaxDescriptors,
	"max_total_descriptors":            WithMaxTotalDescriptors,
	"max_buffers":                      WithMaxBuffers,
	"max_total_buffers":                WithMaxTotalBuffers,
	"max_file_operations":              WithMaxFileOperations,
	"file_threads":                     WithFileThreads,
	"host_threads":                     WithHostThreads,
	"max_lookups":                      WithMaxLookups,
	"lookup_threads":                   WithLookupThreads,
	"max_environment":                  WithMaxEnvironment,
	"max_instance_state":               WithMaxInstanceState,
	"max_total_instance_state":         WithMaxTotalInstanceState,
	"max_resources":                    WithMaxResources,
	"max_stack":                        WithMaxStack,
	"max_call_depth":                   WithMaxCallDepth,
	"pool_keep_resident":               WithPoolKeepResident,
	"worker_threads":                   WithWorkerThreads,
	"max_table_elements":               WithMaxTableElements,
	"max_tables_per_component":         WithMaxTablesPerComponent,
}

func inMilliseconds(option func(time.Duration) RuntimeOption) func(uint64) RuntimeOption {
	return func(ms uint64) RuntimeOption { return option(time.Duration(ms) * time.Millisecond) }
}

func (s *scene) setting(text string) RuntimeOption {
	w := words(s.t, text, 2)
	if option, ok := numericSettings[w[0]]; ok {
		return option(numberOf(s.t, w[1]))
	}
	switch w[0] {
	case "log":
		s.log.level = logLevel(s.t, w[1])
		return WithLogger(slog.New(&s.log))
	case "trusted_key":
		return WithTrustedKey(must[[]byte](s.t)(os.ReadFile(filepath.Join(testsDirectory, w[1]))))
	case "experimental_feature_names":
		return WithExperimentalFeatureNames(w[1])
	case "proposals":
		return WithProposals(Proposals(numberOf(s.t, w[1])))
	case "require_signature":
		return WithRequireSignature(yes(s.t, w[1]))
	case "backtrace_details":
		return WithBacktraceDetails(yes(s.t, w[1]))
	case "force_pooling_allocator":
		return WithForcePoolingAllocator()
	case "force_on_demand_allocator":
		return WithForceOnDemandAllocator()
	}
	s.t.Fatalf("no setting %q", text)
	return nil
}

func (s *scene) setUpRuntime(b block) error {
	options := []RuntimeOption{
		WithMaxComponents(4), WithMaxCoreInstancesPerComponent(8), WithMaxMemoriesPerComponent(2),
		WithMaxLinearMemory(16 << 20), WithMaxExecutionTime(time.Minute),
		WithEpochTick(5 * time.Millisecond), WithWorkerThreads(2), WithCacheMemory(256 << 20),
	}
	_, own := b.get("builder")
	if s.shared = !own; s.shared && defaultRuntime != nil {
		s.runtime = defaultRuntime
		return nil
	}
	for _, line := range b.lines {
		if line.key == "builder" {
			options = append(options, s.setting(line.value))
		}
	}
	var err error
	if s.runtime, err = NewRuntime(options...); s.shared {
		defaultRuntime = s.runtime
	}
	return err
}

func (s *scene) setUpLine(line line) error {
	switch line.key {
	case "scenario", "builder", "component", "wat", "name", "error", "message",
		"message contains", "limit", "default", "linking", "reuse":
		return nil
	case "file", "link":
		w := words(s.t, line.value, 2)
		path := filepath.Join(s.scratch, w[0])
		check(s.t, os.MkdirAll(filepath.Dir(path), 0o700))
		if line.key == "link" {
			return os.Symlink(w[1], path)
		}
		return os.WriteFile(path, []byte(unescape(s.t, w[1])), 0o600)
	case "host":
		if s.linker == nil {
			s.linker = must[*Linker](s.t)(NewLinker())
		}
		return s.host.define(s.linker, line.value)
	case "provider":
		return s.provide(line.value)
	case "sandbox":
		s.sandboxed = true
		if line.value != "nothing" {
			w := words(s.t, line.value, 2)
			s.grants = append(s.grants, s.grant(w[0], w[1]))
		}
		return nil
	}
	s.t.Fatalf("line %d: unknown key %q", line.number, line.key)
	return nil
}

func (s *scene) grant(what, how string) SandboxOption {
	t := s.t
	switch what {
	case "arg":
		return WithArgs(how)
	case "env", "config":
		key, value, ok := strings.Cut(how, "=")
		if !ok {
			t.Fatalf("%q is not KEY=VALUE", how)
		}
		if what == "env" {
			return WithEnv(key, value)
		}
		return WithConfig(key, value)
	case "initial-directory":
		return WithInitialDirectory(how)
	case "stdin":
		return grantStdin(t, words(t, how, 2))
	case "stdout":
		return s.grantOutput(how, WithCapturedStdout, WithStdout, WithStdoutLines)
	case "stderr":
		return s.grantOutput(how, WithCapturedStderr, WithStderr, WithStderrLines)
	case "directory":
		w := words(t, how, 3)
		return WithDirectory(filepath.Join(s.scratch, w[0]), w[1], rights(t, w[2]))
	case "clock-fixed":
		w := words(t, how, 2)
		return WithFixedClock(time.Unix(0, int64(numberOf(t, w[0]))),
			time.Duration(numberOf(t, w[1])))
	case "random-seed":
		return WithRandomSeed(numberOf(t, how))
	case "allow-connect", "allow-bind":
		w := words(t, how, 3)
		first, last := uint16(numberOf(t, w[1])), uint16(numberOf(t, w[2]))
		if what == "allow-bind" {
			return WithBind(w[0], first, last)
		}
		return WithConnect(w[0], first, last)
	case "allow-name":
		return WithNameLookup(how)
	}
	t.Fatalf("no grant %q", what)
	return nil
}

func grantStdin(t *testing.T, w []string) SandboxOption {
	text := unescape(t, w[1])
	switch w[0] {
	case "bytes":
		return WithStdinBytes([]byte(text))
	case "callback":
		return WithStdin(threeBytes{strings.NewReader(text)})
	case "fail":
		return WithStdin(failing{errors.New(text)})
	}
	t.Fatalf("no stdin %q", w[0])
	return nil
}

type threeBytes struct{ io.Reader }

func (r threeBytes) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(3, len(p))]) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (s *scene) grantOutput(how string, capture func() SandboxOption,
	to, lines func(io.Writer) SandboxOption) SandboxOption {
	switch how {
	case "capture":
		return capture()
	case "callback":
		return to(&s.printed)
	case "lines":
		s.printed.mark = ">"
		return lines(&s.printed)
	}
	s.t.Fatalf("no output %q", how)
	return nil
}

// collector keeps what is written, with a mark before each piece.
type collector struct {
	lock sync.Mutex
	mark string
	text strings.Builder
}

func (c *collector) Write(bytes []byte) (int, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.text.WriteString(c.mark)
	return c.text.Write(bytes)
}

func (c *collector) take() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	text := c.text.String()
	c.text.Reset()
	return text
}

func rights(t *testing.T, text string) Rights {
	all := Rights(0)
	for _, name := range strings.Split(text, ",") {
		right, ok := map[string]Rights{
			"read": RightRead, "write": RightWrite, "list": RightList,
		}[name]
		if !ok {
			t.Fatalf("no right %q", name)
		}
		all |= right
	}
	return all
}

// close releases everything, also what a failed scenario left behind.
func (s *scene) close() {
	close(s.host.over)
	if s.begun != nil {
		<-s.begun
	}
	for _, instance := range s.instances {
		instance.Close()
	}
	if s.component != nil {
		s.component.Close()
	}
	if s.linker != nil {
		s.linker.Close()
	}
	if s.sandbox != nil {
		s.sandbox.Close()
	}
	if s.runtime != nil && !s.shared {
		s.runtime.Close()
	}
}

// logCollector keeps records as lines `level target: message`.
type logCollector struct {
	level slog.Level
	lock  sync.Mutex
	text  string
}

var levelNames = map[string]slog.Level{
	"error": slog.LevelError, "warn": slog.LevelWarn, "info": slog.LevelInfo,
	"debug": slog.LevelDebug, "trace": LevelTrace,
}

func logLevel(t *testing.T, name string) slog.Level {
	level, ok := levelNames[name]
	if !ok {
		t.Fatalf("no level %q", name)
	}
	return level
}

func (l *logCollector) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }
func (l *logCollector) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *logCollector) WithGroup(string) slog.Handler                    { return l }

func (l *logCollector) Handle(_ context.Context, record slog.Record) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	target := ""
	record.Attrs(func(attr slog.Attr) bool {
		target = attr.Value.String()
		return true
	})
	for name, level := range levelNames {
		if level == record.Level {
			l.text += name + " " + target + ": " + record.Message + "\n"
		}
	}
	return nil
}

func (l *logCollector) all() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text
}
