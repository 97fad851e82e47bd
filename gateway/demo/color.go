package demo

// paint wraps text into the SGR sequence code, if v has colors.
func (v view) paint(code, text string) string {
	if !v.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (v view) bold(text string) string   { return v.paint("1", text) }
func (v view) dim(text string) string    { return v.paint("2", text) }
func (v view) red(text string) string    { return v.paint("31", text) }
func (v view) green(text string) string  { return v.paint("32", text) }
func (v view) yellow(text string) string { return v.paint("33", text) }

// grade colors text by a share of requests that went well. A share that is not
// known (NaN) has no color.
func (v view) grade(share float64, text string) string {
	switch {
	case share >= 0.95:
		return v.green(text)
	case share >= 0.5:
		return v.yellow(text)
	case share < 0.5:
		return v.red(text)
	default:
		return text
	}
}
