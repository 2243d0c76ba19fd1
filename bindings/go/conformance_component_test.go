package wasmcell

import (
	"path/filepath"
	"time"
)

func (s *scene) setUpComponent(b block) error {
	options := append(s.limits(b), WithName(b.value("name")))
	if s.linker != nil {
		options = append(options, WithLinker(s.linker))
	}
	if s.sandbox != nil {
		options = append(options, WithSandbox(s.sandbox))
	}
	if calls, ok := b.get("reuse"); ok {
		options = append(options, WithReuse(Reuse{MaxCalls: numberOf(s.t, calls)}))
	}
	linking, ok := b.get("linking")
	if !ok {
		return s.loadComponent(b, options)
	}
	if err := s.loadComponent(b, []ComponentOption{WithoutLinking()}); err != nil ||
		linking == "never" {
		return err
	}
	seen := s.component
	var err error
	s.component, err = seen.Link(options...)
	check(s.t, seen.Close())
	return err
}

func (s *scene) loadComponent(b block, options []ComponentOption) (err error) {
	if wat, ok := b.get("wat"); ok {
		s.component, err = s.runtime.Load([]byte(wat), options...)
	} else if file, ok := b.get("component"); ok {
		s.component, err = s.runtime.LoadFile(filepath.Join(testsDirectory, file), options...)
	}
	return err
}

// limits are the component's own, and the defaults of its calls.
func (s *scene) limits(b block) (options []ComponentOption) {
	var limits ComponentLimits
	sizes := map[string]*uint64{
		"max_linear_memory":   &limits.LinearMemory,
		"max_instance_memory": &limits.InstanceMemory,
		"max_table_elements":  &limits.TableElements,
		"max_hostcall_memory": &limits.HostcallMemory,
		"max_resources":       &limits.Resources,
		"max_random_size":     &limits.RandomSize,
		"fuel":                &limits.Fuel,
		"max_stack":           &limits.Stack,
	}
	for _, line := range b.lines {
		if line.key != "limit" && line.key != "default" {
			continue
		}
		w := words(s.t, line.value, 2)
		value := numberOf(s.t, w[1])
		switch what := line.key + " " + w[0]; what {
		case "limit max_instances":
			limits.Instances = uint32(value)
		case "limit max_execution_time":
			limits.ExecutionTime = time.Duration(value) * time.Millisecond
		case "default timeout":
			options = append(options, WithDefaultTimeout(time.Duration(value)*time.Millisecond))
		case "default fuel":
			options = append(options, WithDefaultFuel(value))
		default:
			size := sizes[w[0]]
			if size == nil || line.key != "limit" {
				s.t.Fatalf("no %q", what)
			}
			*size = value
		}
	}
	return append(options, WithLimits(limits))
}
