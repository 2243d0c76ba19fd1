package wasmcell

import "strings"

// maxTypeText is where runtime_type_text() stops as well: a type may be far larger than what
// describes it.
const maxTypeText = 64 << 10

// speller writes a type as WIT does, up to a bound.
type speller struct {
	text strings.Builder
	full bool
}

// String spells the type as WIT does, such as list<u8>; "nothing" for nil. A very long text ends
// after 64 KiB with an ellipsis.
func (t *Type) String() string {
	if t == nil {
		return "nothing"
	}
	var s speller
	s.ty(t)
	return s.text.String()
}

func (s *speller) write(text string) {
	if s.full {
		return
	}
	if room := maxTypeText - s.text.Len(); len(text) > room {
		s.full = true
		// Not within a character.
		text = strings.ToValidUTF8(text[:room], "") + "…"
	}
	s.text.WriteString(text)
}

func (s *speller) ty(t *Type) {
	if s.full {
		return
	}
	switch t.kind {
	case KindList, KindOption:
		s.write(t.name + "<")
		s.ty(t.fields[0].Type)
		s.write(">")
	case KindTuple:
		s.parts(t, "tuple<", ">", func(f Field) { s.ty(f.Type) })
	case KindRecord:
		s.parts(t, "record { ", " }", s.named)
	case KindVariant:
		s.parts(t, "variant { ", " }", func(f Field) {
			s.write(f.Name)
			if f.Type != nil {
				s.write("(")
				s.ty(f.Type)
				s.write(")")
			}
		})
	case KindEnum, KindFlags:
		s.parts(t, t.name+" { ", " }", func(f Field) { s.write(f.Name) })
	case KindResult:
		s.result(t.fields[0].Type, t.fields[1].Type)
	case KindFunction:
		s.parts(t, "func(", ")", s.named)
		if t.result != nil {
			s.write(" -> ")
			s.ty(t.result)
		}
	default:
		s.write(t.name)
	}
}

func (s *speller) result(ok, err *Type) {
	if ok == nil && err == nil {
		s.write("result")
		return
	}
	s.write("result<")
	if ok == nil {
		s.write("_")
	} else {
		s.ty(ok)
	}
	if err != nil {
		s.write(", ")
		s.ty(err)
	}
	s.write(">")
}

func (s *speller) named(f Field) {
	s.write(f.Name + ": ")
	s.ty(f.Type)
}

func (s *speller) parts(t *Type, begin, end string, part func(Field)) {
	s.write(begin)
	for i, f := range t.fields {
		if s.full {
			return
		}
		if i > 0 {
			s.write(", ")
		}
		part(f)
	}
	s.write(end)
}
