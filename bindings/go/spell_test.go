package wasmcell

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// What Go spells is what the library spells.
func TestTypesAreSpelledAsByTheLibrary(t *testing.T) {
	for _, file := range []string{kindsFile, wasiFile, hostFile} {
		linker := must[*Linker](t)(NewLinker())
		check(t, linker.UnresolvedTrap())
		c := loadFile(t, smallRuntime(t), file, WithLinker(linker))
		check(t, linker.Close())
		check(t, c.use())
		raw := append(c.compiled.c.Imports(), c.compiled.c.Exports()...)
		copied := copyItems(c.compiled.c, raw)
		for i, item := range raw {
			if item.Type().Exists() && copied[i].Type.String() != item.Type().Text() {
				t.Errorf("%s: %s instead of %s", item.Name(), copied[i].Type, item.Type().Text())
			}
		}
		c.compiled.c.Release()
	}
}

// A type that is far larger than its text is told of, not spelled in full.
func TestTypesOfAnySizeAreTold(t *testing.T) {
	var wat strings.Builder
	name := strings.Repeat("a", 100)
	wat.WriteString(`(component (type $r (record (field "` + name + `" u8)))
		(import "r" (type $t0 (eq $r)))`)
	for i := range 12 {
		n, m := string(rune('a'+i)), string(rune('a'+i-1))
		if i == 0 {
			m = "0"
		}
		wat.WriteString("(type $t" + n + " (tuple $t" + m + " $t" + m + "))")
	}
	wat.WriteString(`(type $f (func (param "x" $tl))) (import "f" (func (type $f))))`)
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, linker.Define("f", func(context.Context, uint32) error { return nil }))
	r := smallRuntime(t)
	_, err := r.Load([]byte(wat.String()), WithLinker(linker))
	if !errors.Is(err, ErrLink) || len(err.Error()) > 4096 {
		t.Errorf("%d bytes: %.100v", len(err.Error()), err)
	}
	trap := must[*Linker](t)(NewLinker())
	defer trap.Close()
	check(t, trap.UnresolvedTrap())
	c := must[*Component](t)(r.Load([]byte(wat.String()), WithLinker(trap)))
	defer c.Close()
	imports := must[[]Item](t)(c.Imports())
	text := imports[len(imports)-1].Type.String()
	if len(text) > maxTypeText+8 || !strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes that end with %q", len(text), text[len(text)-10:])
	}
}

// A handle of one resource never passes for one of another, though both are numbers.
func TestHandlesAreOfTheResourceThatIsMeant(t *testing.T) {
	type job struct{ name string }
	type task struct{ name string }
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, DefineResource(linker, "a:b/jobs@1.0.0#job", func(*job) {}))
	check(t, DefineResource(linker, "a:b/jobs@1.0.0#task", func(*task) {}))
	check(t, linker.Define("a:b/jobs@1.0.0#use", func(context.Context, *job) error { return nil }))
	guest := func(lends string) string {
		return `(component (import "a:b/jobs@1.0.0" (instance
			(export "job" (type $job (sub resource))) (export "task" (type $task (sub resource)))
			(export "use" (func (param "j" (borrow ` + lends + `)))))))`
	}
	r := smallRuntime(t)
	check(t, must[*Component](t)(r.Load([]byte(guest("$job")), WithLinker(linker))).Close())
	_, err := r.Load([]byte(guest("$task")), WithLinker(linker))
	if !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), "a:b/jobs@1.0.0#job") {
		t.Error(err)
	}
}
