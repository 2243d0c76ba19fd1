package wasmcell

import (
	"context"
	"log/slog"
)

// LevelTrace is the level of the most detailed records of the library.
const LevelTrace = slog.LevelDebug - 4

// slogLevels are the levels of the library, of which 1 is the first.
var slogLevels = []slog.Level{
	slog.LevelError, slog.LevelWarn, slog.LevelInfo, slog.LevelDebug, LevelTrace,
}

// lowestLevel is the least important level of the library that the logger has enabled; 0 if none.
func lowestLevel(logger *slog.Logger) int32 {
	for level := len(slogLevels); level > 0; level-- {
		if logger.Enabled(context.Background(), slogLevels[level-1]) {
			return int32(level)
		}
	}
	return 0
}
