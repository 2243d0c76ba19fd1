package capi

/*
#include "shim.h"

#cgo noescape runtime_stats
#cgo nocallback runtime_stats
#cgo noescape runtime_info
#cgo nocallback runtime_info
#cgo noescape runtime_skip_feature_gated_instance
#cgo nocallback runtime_skip_feature_gated_instance
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Runtime owns a runtime_t.
type Runtime struct{ handle }

func freeRuntime(ptr unsafe.Pointer) { C.runtime_free((*C.runtime_t)(ptr)) }

func (r *Runtime) raw() *C.runtime_t { return (*C.runtime_t)(r.ptr) }

// Build builds a runtime.
func (b *Builder) Build() (*Runtime, *Failure) {
	var out *C.runtime_t
	maybeGC()
	err := C.runtime_build(b.ptr, &out)
	runtime.KeepAlive(b)
	if err != nil {
		return nil, takeError(err)
	}
	r := &Runtime{}
	own(r, &r.handle, "runtime", unsafe.Pointer(out), freeRuntime)
	return r, nil
}

// RestoreSignalHandlers is runtime_signal_handlers_restore.
func RestoreSignalHandlers() *Failure { return takeError(C.runtime_signal_handlers_restore()) }

// SignalHandlersInstalled is runtime_signal_handlers_installed.
func SignalHandlersInstalled() bool { return bool(C.runtime_signal_handlers_installed()) }

// Info is a runtime_info_t.
type Info struct {
	Allocator                                                     uint32
	MaxComponents, TotalMemories, MemoryReservation, AddressSpace uint64
	Reason                                                        string
}

// Info tells what the runtime, which the caller has acquired, got.
func (r *Runtime) Info() (Info, *Failure) {
	info := C.runtime_info_t{struct_size: C.sizeof_runtime_info_t}
	if err := C.runtime_info(r.raw(), &info); err != nil {
		return Info{}, takeError(err)
	}
	return Info{
		Allocator:         uint32(info.allocator),
		MaxComponents:     uint64(info.max_components),
		TotalMemories:     uint64(info.total_memories),
		MemoryReservation: uint64(info.memory_reservation),
		AddressSpace:      uint64(info.address_space),
		Reason:            C.GoString(info.reason),
	}, nil
}

// Stats is a runtime_stats_t.
type Stats struct {
	Started, Finished, Trapped, TimedOut, Cancelled, Failed  uint64
	Instances, InstancesPeak, Memory, MemoryPeak, Denied     uint64
	PoolSlots, Ticks                                         uint64
	Descriptors, DescriptorsPeak, DescriptorsDenied          uint64
	Buffers, BuffersPeak, Lookups, LookupsDenied             uint64
	FileOperations, DiskDenied                               uint64
	InstanceState, InstanceStatePeak, HostFunctions          uint64
	Resting, Reused, Pools                                   uint64
	LoadsWaiting, LoadsRunning, LoadsAbandoned, LoadsRefused uint64
}

// Stats tells what the runtime, which the caller has acquired, does.
func (r *Runtime) Stats() (Stats, *Failure) {
	stats := C.runtime_stats_t{struct_size: C.sizeof_runtime_stats_t}
	if err := C.runtime_stats(r.raw(), &stats); err != nil {
		return Stats{}, takeError(err)
	}
	return Stats{
		Started: uint64(stats.started), Finished: uint64(stats.finished),
		Trapped: uint64(stats.trapped), TimedOut: uint64(stats.timed_out),
		Cancelled: uint64(stats.cancelled), Failed: uint64(stats.failed),
		Instances: uint64(stats.instances), InstancesPeak: uint64(stats.instances_peak),
		Memory: uint64(stats.memory), MemoryPeak: uint64(stats.memory_peak),
		Denied: uint64(stats.denied), PoolSlots: uint64(stats.pool_slots),
		Ticks:             uint64(stats.ticks),
		Descriptors:       uint64(stats.descriptors),
		DescriptorsPeak:   uint64(stats.descriptors_peak),
		DescriptorsDenied: uint64(stats.descriptors_denied),
		Buffers:           uint64(stats.buffers), BuffersPeak: uint64(stats.buffers_peak),
		Lookups: uint64(stats.lookups), LookupsDenied: uint64(stats.lookups_denied),
		FileOperations: uint64(stats.file_operations), DiskDenied: uint64(stats.disk_denied),
		InstanceState:     uint64(stats.instance_state),
		InstanceStatePeak: uint64(stats.instance_state_peak),
		HostFunctions:     uint64(stats.host_functions),
		Resting:           uint64(stats.resting),
		Reused:            uint64(stats.reused),
		Pools:             uint64(stats.pools),
		LoadsWaiting:      uint64(stats.loads_waiting),
		LoadsRunning:      uint64(stats.loads_running),
		LoadsAbandoned:    uint64(stats.loads_abandoned),
		LoadsRefused:      uint64(stats.loads_refused),
	}, nil
}

// Shutdown waits for the end of the runtime, which the caller has acquired.
func (r *Runtime) Shutdown(timeoutMS uint64) *Failure {
	maybeGC()
	if err := C.runtime_shutdown(r.raw(), C.uint64_t(timeoutMS)); err != nil {
		return takeError(err)
	}
	return nil
}

// Skips is runtime_skip_feature_gated_instance.
func (r *Runtime) Skips(name string) bool {
	return bool(C.runtime_skip_feature_gated_instance(r.raw(), chars(name), C.size_t(len(name))))
}
