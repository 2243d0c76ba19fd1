package wasmcell

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

const header = "../../include/wasmcell.h"

func headerText(t *testing.T) string {
	t.Helper()
	return string(must[[]byte](t)(os.ReadFile(header)))
}

// camel is the Go name that a C name stands for.
func camel(name string) string {
	out := ""
	for _, word := range strings.Split(name, "_") {
		out += strings.ToUpper(word[:1]) + word[1:]
	}
	return out
}

// TestEverySettingHasAnOption compares the options with the builder's functions in the header.
func TestEverySettingHasAnOption(t *testing.T) {
	other := map[string]string{ // named otherwise, with the reason
		"new": "NewRuntime makes it", "free": "NewRuntime frees it",
		"log": "WithLogger, because it takes a slog.Logger",
	}
	source := string(must[[]byte](t)(os.ReadFile("options.go")))
	settings := regexp.MustCompile(`(?m)^RUNTIME_API .*\brunt`+`ime_builder_([a-z_]+)\(`).
		FindAllStringSubmatch(headerText(t), -1)
	if len(settings) < 30 {
		t.Fatalf("only %d settings in the header", len(settings))
	}
	for _, setting := range settings {
		if other[setting[1]] == "" &&
			!strings.Contains(source, "\nfunc With"+camel(setting[1])+"(") {
			t.Errorf("no option for %s", setting[1])
		}
	}
}

// TestConstantsAreThoseOfTheHeader compares codes, kinds and so on with the header.
func TestConstantsAreThoseOfTheHeader(t *testing.T) {
	count := 0
	find := func(family string, number int) {
		t.Helper()
		count++
		pattern := regexp.MustCompile(`\bRUNTIME_` + family + `_[A-Z0-9_]+ = ` + itoa(number) + `,`)
		if !pattern.MatchString(headerText(t)) {
			t.Errorf("%s %d is not in the header", family, number)
		}
	}
	for code := range Code(200) {
		if code == 0 || code.String() == "UNKNOWN" {
			continue
		}
		find("ERROR", int(code))
		name := "Err" + camel(strings.ToLower(code.String()))
		name = strings.NewReplacer("ErrIo", "ErrIO", "ErrHttp", "ErrHTTP").Replace(name)
		source := string(must[[]byte](t)(os.ReadFile("errors.go")))
		if !regexp.MustCompile(`\t` + name + ` +Code = ` + itoa(int(code)) + `\n`).
			MatchString(source) {
			t.Errorf("no %s = %d", name, code)
		}
	}
	for trap := range trapNames {
		find("TRAP", int(trap))
	}
	for reason := range httpErrorNames {
		find("HTTP_ERROR", reason)
	}
	for kind := KindNone; kind <= KindBorrow; kind++ {
		find("KIND", int(kind))
	}
	find("KIND", int(KindFunction))
	find("KIND", int(KindUnsupported))
	for kind := ItemFunction; kind <= ItemCoreFunction; kind++ {
		find("ITEM_KIND", int(kind))
	}
	for allocator := AllocatorPooling; allocator <= AllocatorOnDemand; allocator++ {
		find("ALLOCATOR", int(allocator))
	}
	text := headerText(t)
	for name, number := range map[string]uint64{
		"RUNTIME_RIGHT_READ": uint64(RightRead), "RUNTIME_RIGHT_WRITE": uint64(RightWrite),
		"RUNTIME_RIGHT_LIST": uint64(RightList), "RUNTIME_WRITE_WHOLE_LINES": wholeLines,
		"RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3":      uint64(FeatureWasmcloudMessagingV3),
		"RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE": uint64(FeatureWorkloadIdentityInterface),
		"RUNTIME_FEATURE_RPC_INTERFACE":               uint64(FeatureRPCInterface),
		"RUNTIME_PROPOSAL_EXCEPTIONS":                 uint64(ProposalExceptions),
		"RUNTIME_PROPOSAL_GC":                         uint64(ProposalGC),
		"RUNTIME_PROPOSAL_MEMORY64":                   uint64(ProposalMemory64),
	} {
		if !strings.Contains(text, "#define "+name+" "+itoa(int(number))+"\n") {
			t.Errorf("%s is not %d", name, number)
		}
	}
	if count < 60 {
		t.Errorf("only %d constants were compared", count)
	}
}

func TestVersionsAreTheSame(t *testing.T) {
	if Version != capi.HeaderVersion || Version != LibraryVersion() || ABIVersion() != 0 ||
		WasmtimeVersion() == "" {
		t.Error(Version, LibraryVersion(), ABIVersion(), WasmtimeVersion())
	}
}

func TestFeatures(t *testing.T) {
	all := AllFeatures()
	for name, bit := range all {
		if got, err := ParseFeatures(strings.ToUpper(name)); err != nil || got != bit {
			t.Error(name, got, err)
		}
	}
	if all["rpc-interface"] != FeatureRPCInterface || len(all) != 3 {
		t.Error(all)
	}
	if _, err := ParseFeatures("no-such"); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	r := smallRuntime(t, WithExperimentalFeatures(FeatureRPCInterface))
	if !r.SkipsFeatureGatedInstance("wrpc:rpc/transport@0.1.0") ||
		r.SkipsFeatureGatedInstance("wasi:io/poll@0.2.0") {
		t.Error("the wrong interfaces are skipped")
	}
}

func TestUnusableSettingsAreNamed(t *testing.T) {
	for name, option := range map[string]RuntimeOption{
		"max_components":     WithMaxComponents(0),
		"max_linear_memory":  WithMaxLinearMemory(1),
		"max_execution_time": WithMaxExecutionTime(0),
		"trusted_key":        WithTrustedKey([]byte("no key")),
		"cache_directory":    WithCacheDirectory(""),
		"no-such":            WithExperimentalFeatureNames("no-such"),
		"force_on_demand_allocator": func(s *settings) {
			WithForceOnDemandAllocator()(s)
			WithForcePoolingAllocator()(s)
		},
	} {
		if r, err := NewRuntime(option); !errors.Is(err, ErrInvalidArgument) ||
			!strings.Contains(err.Error(), name) || r != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInfoAndStats(t *testing.T) {
	r := smallRuntime(t, WithForceOnDemandAllocator(), WithMaxComponents(7))
	info := must[Info](t)(r.Info())
	if info.Allocator != AllocatorOnDemand || info.MaxComponents != 7 || info.Reason == "" ||
		info.Allocator.String() != "on-demand" {
		t.Errorf("%+v", info)
	}
	c := loadFile(t, r, stateFile)
	for _, call := range []string{"add(1)", "trap()", "add(2)"} {
		_, _ = c.CallText(background, call)
	}
	stats := must[Stats](t)(r.Stats())
	if stats.Started != 3 || stats.Finished != 2 || stats.Trapped != 1 || stats.Instances != 0 ||
		stats.InstancesPeak != 1 || stats.MemoryPeak == 0 || stats.Pools != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestProcessorsGetPoolsOfTheirOwn(t *testing.T) {
	alone, together := smallRuntime(t, WithMaxPools(1)), smallRuntime(t)
	for _, r := range []*Runtime{alone, together} {
		c := loadFile(t, r, stateFile)
		var goroutines sync.WaitGroup
		for range 8 {
			goroutines.Add(1)
			go func() {
				defer goroutines.Done()
				for range 500 {
					if sum, err := c.CallText(background, "add(1)"); err != nil || sum != "1" {
						t.Errorf("%q, %v", sum, err)
						return
					}
				}
			}()
		}
		goroutines.Wait()
	}
	if pools := must[Stats](t)(alone.Stats()).Pools; pools != 1 {
		t.Errorf("%d pools", pools)
	}
	// A container may give one processor's time, whatever it shows of them.
	_, err := os.Stat("/sys/fs/cgroup/cpu.max")
	limited := err == nil && !strings.HasPrefix(
		string(must[[]byte](t)(os.ReadFile("/sys/fs/cgroup/cpu.max"))), "max")
	pools := must[Stats](t)(together.Stats()).Pools
	if pools < 2 && runtime.NumCPU() > 1 && !limited {
		t.Errorf("%d pools", pools)
	}
}

func TestLogger(t *testing.T) {
	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c := loadFile(t, smallRuntime(t, WithLogger(logger)), wasiFile, WithName("chatty"))
	for _, level := range []string{"info", "warn"} {
		_, err := c.Call(background, outside+"log", level, "kitchen", "the milk boils")
		check(t, err)
	}
	if got := text.String(); strings.Count(got, "the milk boils") != 1 ||
		!strings.Contains(got, "level=WARN") || !strings.Contains(got, "target=guest:chatty") {
		t.Error(got)
	}
	silent := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.Level(100)}))
	if lowestLevel(silent) != 0 {
		t.Error("a silent logger gets records")
	}
}

func TestSerialize(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	r := smallRuntime(t, WithCacheDirectory(cache))
	c := loadFile(t, r, greeterFile)
	bytes := must[[]byte](t)(c.Serialize())
	again := must[*Component](t)(r.Deserialize(bytes, WithName("again")))
	defer again.Close()
	if got, err := again.Call(background, "greet", "world"); err != nil || got != "Hello, world!" {
		t.Error(got, err)
	}
	if again.Name() != "again" {
		t.Error(again.Name())
	}
	if _, err := r.Deserialize([]byte("nothing")); !errors.Is(err, ErrCompile) {
		t.Error(err)
	}
	if files := must[[]os.DirEntry](t)(os.ReadDir(cache)); len(files) == 0 {
		t.Error("nothing is in the cache")
	}
}

func TestReflection(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	wit := must[string](t)(c.WIT())
	if !strings.Contains(wit, "export add: func(a: u32, b: u32) -> u32;") {
		t.Error(wit)
	}
	seen := map[string]string{}
	for _, item := range must[[]Item](t)(c.Exports()) {
		if item.Kind == ItemFunction {
			seen[item.Name] = item.Type.String()
		}
	}
	if seen["divide"] != "func(a: s64, b: s64) -> result<s64, string>" || len(seen) < 40 {
		t.Error(seen)
	}
	imports := must[[]Item](t)(c.Imports())
	if len(imports) == 0 || !strings.HasPrefix(imports[0].Name, "wasi:") {
		t.Error(imports)
	}
	f := must[*Function](t)(c.Function("divide"))
	w := f.Type()
	if f.Name() != "divide" || w.Kind() != KindFunction || w.Fields()[1].Name != "b" ||
		w.Fields()[1].Type.Kind() != KindS64 || w.Result().Fields()[1].Type.String() != "string" {
		t.Error(w)
	}
	if _, err := c.Function("subtract"); !errors.Is(err, ErrNotFound) ||
		!strings.Contains(err.Error(), "divide") {
		t.Error(err)
	}
}

func TestFunctionsAreFoundByCompatibleVersionsAndWithoutAny(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	for _, version := range []string{"", "@0.1.0", "@0.1.7"} {
		f := must[*Function](t)(c.Function("wasmcell:test/kinds" + version + "#echo-u8"))
		if got, err := f.CallText(background, "(5)"); got != "5" || err != nil {
			t.Error(got, err)
		}
		if f.Name() != "wasmcell:test/kinds@0.1.0#echo-u8" {
			t.Error(f.Name())
		}
	}
	if _, err := c.Function("wasmcell:test/kinds@0.2.0#echo-u8"); !errors.Is(err, ErrNotFound) ||
		!strings.Contains(err.Error(), "it exports `wasmcell:test/kinds@0.1.0#echo-u8`") {
		t.Error(err)
	}
}

func TestTrapsHaveFrames(t *testing.T) {
	c := loadFile(t, smallRuntime(t), trapsFile)
	_, err := c.Call(background, "unreachable")
	var e *Error
	if !errors.As(err, &e) || e.Trap != TrapUnreachable || len(e.Frames) < 3 ||
		e.Frames[0].Function != "innermost" {
		t.Errorf("%+v", e)
	}
	if TrapUnreachable.String() != "unreachable" || Trap(99).String() != "unknown" ||
		Code(99).Error() != "wasmcell: UNKNOWN" {
		t.Error("names")
	}
}

// TestTheStyleOfTheBinding holds what a reviewer would have to look for.
func TestTheStyleOfTheBinding(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || entry.IsDir() || ext != ".go" && ext != ".c" && ext != ".h" {
			return err
		}
		text := string(must[[]byte](t)(os.ReadFile(path)))
		if lines := strings.Count(text, "\n"); lines > 400 {
			t.Errorf("%s has %d lines", path, lines)
		}
		for i, line := range strings.Split(text, "\n") {
			if width := len([]rune(strings.ReplaceAll(line, "\t", "    "))); width > 100 {
				t.Errorf("%s:%d has %d columns", path, i+1, width)
			}
		}
		inside := strings.HasPrefix(path, "internal/capi/")
		if strings.Contains(text, "import \"C"+"\"\n") && !inside {
			t.Errorf("%s imports C", path)
		}
		if regexp.MustCompile(`C\.CSt`+`ring|C\.int\(len|C\.CBy`+`tes`).MatchString(text) &&
			!strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s copies text for C, or cuts lengths short", path)
		}
		return nil
	})
	check(t, err)
	docs, err := exec.Command("go", "doc", "-all", ".").CombinedOutput()
	check(t, err)
	if regexp.MustCompile(`\bC\.[a-z_]`).Match(docs) || strings.Contains(string(docs), "capi.F") {
		t.Error("C or an internal package is in the API")
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]uint64{0: 0, -1: 0, 1: 1, time.Millisecond: 1,
		time.Millisecond + 1: 2, time.Hour: 3600000} {
		if got := milliseconds(d); got != want {
			t.Errorf("%v: %d", d, got)
		}
	}
}

func TestErrorsCarryDetails(t *testing.T) {
	var failure *Error
	_, err := NewRuntime(WithMaxStack(1))
	if !errors.As(err, &failure) || failure.Details.Argument != "max_stack" {
		t.Errorf("a setting out of range: %v, %+v", err, failure)
	}
	runtime, err := NewRuntime(WithMaxComponentSize(100), WithMaxComponents(4))
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.Close()
	binary := append([]byte{0, 'a', 's', 'm', 13, 0, 1, 0}, make([]byte, 192)...)
	_, err = runtime.Load(binary)
	wanted := Details{Setting: "max_component_size", Asked: 200, Allowed: 100}
	if !errors.As(err, &failure) || failure.Details != wanted {
		t.Errorf("a binary that is too large: %v, %+v", err, failure)
	}
}
