package capi

/*
#include "shim.h"

#cgo noescape runtime_builder_trusted_key
#cgo nocallback runtime_builder_trusted_key
#cgo noescape runtime_builder_experimental_feature_names
#cgo nocallback runtime_builder_experimental_feature_names
#cgo noescape runtime_builder_cache_directory
#cgo nocallback runtime_builder_cache_directory
*/
import "C"

import "runtime/cgo"

// Builder owns a runtime_builder_t until Free, which its maker calls.
type Builder struct{ ptr *C.runtime_builder_t }

// NewBuilder makes a builder.
func NewBuilder() *Builder { return &Builder{C.runtime_builder_new()} }

// Free releases the builder.
func (b *Builder) Free() { C.runtime_builder_free(b.ptr) }

// Number is a setting that is a number.
type Number int

// The settings that are numbers, by their names in C.
const (
	MaxComponents Number = iota
	MaxCoreInstancesPerComponent
	MaxMemoriesPerComponent
	MaxTablesPerComponent
	MaxTableElements
	MaxComponentSize
	MaxTextSize
	MaxCompileCost
	MaxCompileThreads
	MaxPools
	MaxLinearMemory
	MaxInstanceMemory
	MaxStack
	MaxCallDepth
	MaxHostcallMemory
	MaxResources
	MaxRandomSize
	MaxNamesSize
	MaxDescriptors
	MaxTotalDescriptors
	MaxBuffers
	MaxTotalBuffers
	MaxFileOperations
	FileThreads
	HostThreads
	MaxLookups
	LookupThreads
	MaxEnvironment
	MaxInstanceState
	MaxTotalInstanceState
	Fuel
	MaxExecutionTime
	EpochTick
	InstanceWait
	PoolKeepResident
	WorkerThreads
	CacheMemory
	ExperimentalFeatures
	Proposals
)

// Set sets a number.
func (b *Builder) Set(number Number, value uint64) {
	p, v := b.ptr, C.uint64_t(value)
	switch number {
	case MaxComponents:
		C.runtime_builder_max_components(p, v)
	case MaxCoreInstancesPerComponent:
		C.runtime_builder_max_core_instances_per_component(p, v)
	case MaxMemoriesPerComponent:
		C.runtime_builder_max_memories_per_component(p, v)
	case MaxTablesPerComponent:
		C.runtime_builder_max_tables_per_component(p, v)
	case MaxTableElements:
		C.runtime_builder_max_table_elements(p, v)
	case MaxComponentSize:
		C.runtime_builder_max_component_size(p, v)
	case MaxTextSize:
		C.runtime_builder_max_text_size(p, v)
	case MaxCompileCost:
		C.runtime_builder_max_compile_cost(p, v)
	case MaxCompileThreads:
		C.runtime_builder_max_compile_threads(p, v)
	case MaxPools:
		C.runtime_builder_max_pools(p, v)
	case MaxLinearMemory:
		C.runtime_builder_max_linear_memory(p, v)
	case MaxInstanceMemory:
		C.runtime_builder_max_instance_memory(p, v)
	case MaxStack:
		C.runtime_builder_max_stack(p, v)
	case MaxCallDepth:
		C.runtime_builder_max_call_depth(p, v)
	case MaxHostcallMemory:
		C.runtime_builder_max_hostcall_memory(p, v)
	case MaxResources:
		C.runtime_builder_max_resources(p, v)
	case MaxRandomSize:
		C.runtime_builder_max_random_size(p, v)
	case MaxNamesSize:
		C.runtime_builder_max_names_size(p, v)
	case MaxDescriptors:
		C.runtime_builder_max_descriptors(p, v)
	case MaxTotalDescriptors:
		C.runtime_builder_max_total_descriptors(p, v)
	case MaxBuffers:
		C.runtime_builder_max_buffers(p, v)
	case MaxTotalBuffers:
		C.runtime_builder_max_total_buffers(p, v)
	case MaxFileOperations:
		C.runtime_builder_max_file_operations(p, v)
	case FileThreads:
		C.runtime_builder_file_threads(p, v)
	case HostThreads:
		C.runtime_builder_host_threads(p, v)
	case MaxLookups:
		C.runtime_builder_max_lookups(p, v)
	case LookupThreads:
		C.runtime_builder_lookup_threads(p, v)
	case MaxEnvironment:
		C.runtime_builder_max_environment(p, v)
	case MaxInstanceState:
		C.runtime_builder_max_instance_state(p, v)
	case MaxTotalInstanceState:
		C.runtime_builder_max_total_instance_state(p, v)
	case Fuel:
		C.runtime_builder_fuel(p, v)
	case MaxExecutionTime:
		C.runtime_builder_max_execution_time(p, v)
	case EpochTick:
		C.runtime_builder_epoch_tick(p, v)
	case InstanceWait:
		C.runtime_builder_instance_wait(p, v)
	case PoolKeepResident:
		C.runtime_builder_pool_keep_resident(p, v)
	case WorkerThreads:
		C.runtime_builder_worker_threads(p, v)
	case CacheMemory:
		C.runtime_builder_cache_memory(p, v)
	case ExperimentalFeatures:
		C.runtime_builder_experimental_features(p, v)
	case Proposals:
		C.runtime_builder_proposals(p, v)
	default:
		panic("wasmcell: no such setting")
	}
}

// ForcePoolingAllocator is runtime_builder_force_pooling_allocator.
func (b *Builder) ForcePoolingAllocator() { C.runtime_builder_force_pooling_allocator(b.ptr) }

// ForceOnDemandAllocator is runtime_builder_force_on_demand_allocator.
func (b *Builder) ForceOnDemandAllocator() { C.runtime_builder_force_on_demand_allocator(b.ptr) }

// SignalHandlers is runtime_builder_signal_handlers.
func (b *Builder) SignalHandlers(enable bool) {
	C.runtime_builder_signal_handlers(b.ptr, C.bool(enable))
}

// PoolScan is runtime_builder_pool_scan.
func (b *Builder) PoolScan(enable bool) {
	C.runtime_builder_pool_scan(b.ptr, C.bool(enable))
}

// TrustSignalMasks is runtime_builder_trust_signal_masks.
func (b *Builder) TrustSignalMasks(trust bool) {
	C.runtime_builder_trust_signal_masks(b.ptr, C.bool(trust))
}

// RequireSignature is runtime_builder_require_signature.
func (b *Builder) RequireSignature(require bool) {
	C.runtime_builder_require_signature(b.ptr, C.bool(require))
}

// TrustedKey is runtime_builder_trusted_key.
func (b *Builder) TrustedKey(key []byte) {
	C.runtime_builder_trusted_key(b.ptr, bytesOf(key), C.size_t(len(key)))
}

// BacktraceDetails is runtime_builder_backtrace_details.
func (b *Builder) BacktraceDetails(enable bool) {
	C.runtime_builder_backtrace_details(b.ptr, C.bool(enable))
}

// FeatureNames is runtime_builder_experimental_feature_names.
func (b *Builder) FeatureNames(names string) {
	C.runtime_builder_experimental_feature_names(b.ptr, chars(names), C.size_t(len(names)))
}

// CacheDirectory is runtime_builder_cache_directory.
func (b *Builder) CacheDirectory(path string) {
	C.runtime_builder_cache_directory(b.ptr, chars(path), C.size_t(len(path)))
}

// Logger receives log records.
type Logger func(level int32, target, message string)

// Log is runtime_builder_log.
func (b *Builder) Log(level int32, logger Logger) {
	C.wasmcell_go_log(b.ptr, C.int32_t(level), C.uintptr_t(cgo.NewHandle(logger)))
}
