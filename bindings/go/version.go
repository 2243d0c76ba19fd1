package wasmcell

import "github.com/wasmcell/wasmcell/bindings/go/internal/capi"

// Version is the version of this package, and of the library that it was written for.
const Version = "0.1.0"

// LibraryVersion tells the version of the library that is loaded. Its ABI number is that of the
// header: the package panics at init otherwise, and names both.
func LibraryVersion() string { return capi.Version() }

// WasmtimeVersion tells the version of Wasmtime inside the library. Security advisories name it,
// and [Runtime.Deserialize] takes what the same version wrote.
func WasmtimeVersion() string { return capi.WasmtimeVersion() }

// ABIVersion tells the ABI number of the library, which is also in its file name.
func ABIVersion() uint32 { return capi.ABIVersion() }

// Features is a set of experimental features, united with |.
type Features uint64

// The experimental features of this version; [AllFeatures] lists those of the library.
const (
	// FeatureWasmcloudMessagingV3 is wasmcloud:messaging@0.3.0; by name wasmcloud-messaging-v3.
	FeatureWasmcloudMessagingV3 Features = 1
	// FeatureWorkloadIdentityInterface is wasmcloud:identity/store@0.0.1; by name
	// workload-identity-interface.
	FeatureWorkloadIdentityInterface Features = 2
	// FeatureRPCInterface is wrpc:rpc/...@0.1.0; by name rpc-interface.
	FeatureRPCInterface Features = 4
)

// Proposals is a set of proposals of WebAssembly, united with |.
type Proposals uint64

// The proposals that a runtime can switch on; runtime_builder_proposals() in wasmcell.h says what
// each brings and costs.
const (
	// ProposalExceptions has try_table and exnref.
	ProposalExceptions Proposals = 1
	// ProposalGC has structs, arrays and casts, on a heap that is collected.
	ProposalGC Proposals = 2
	// ProposalMemory64 has memories and tables with addresses of 64 bits.
	ProposalMemory64 Proposals = 4
)

// AllFeatures lists the names of the experimental features that the library knows, with their
// bits.
func AllFeatures() map[string]Features {
	all := map[string]Features{}
	for i := 0; ; i++ {
		name, bit := capi.Feature(i)
		if name == "" {
			return all
		}
		all[name] = Features(bit)
	}
}

// ParseFeatures turns names, separated by commas, in any case, with dashes or underscores, into a
// set. An unknown one is [ErrInvalidArgument].
func ParseFeatures(names string) (Features, error) {
	bits, failure := capi.ParseFeatures(names)
	return Features(bits), errorOf(failure)
}
