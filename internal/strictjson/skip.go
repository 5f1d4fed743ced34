package strictjson

// The functions here read text that has been checked, and believe it.

// next returns the first place after i that is not white space.
func next(raw string, i int) int {
	for i++; isSpace(raw[i]); i++ {
	}
	return i
}

// skip returns the value at i, inside an array or object, and the place after it.
func skip(raw string, i int) (Value, int) {
	v := Value{}
	end := i
	switch raw[i] {
	case '"':
		v.kind = String
		end, v.escaped = skipText(raw, i)
	case '{':
		v.kind = Object
		end = skipContainer(raw, i)
	case '[':
		v.kind = Array
		end = skipContainer(raw, i)
	case 't':
		v.kind = Bool
		end += len("true")
	case 'f':
		v.kind = Bool
		end += len("false")
	case 'n':
		v.kind = Null
		end += len("null")
	default:
		v.kind = Number
		for c := raw[end]; c != ',' && c != ']' && c != '}' && !isSpace(c); c = raw[end] {
			end++
		}
	}
	v.raw = raw[i:end]
	return v, end
}

func skipText(raw string, i int) (end int, escaped bool) {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			escaped = true
			i++
		}
	}
	return i + 1, escaped
}

func skipContainer(raw string, i int) int {
	for depth := 0; ; {
		switch raw[i] {
		case '"':
			i, _ = skipText(raw, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
}
