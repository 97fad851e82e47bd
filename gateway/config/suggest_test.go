package config

import "testing"

func TestSuggest(t *testing.T) {
	known := []string{"listen", "upstream", "upstreams", "routes"}
	tests := map[string]string{
		"lisen":     `did you mean "listen"?`,
		"Listen":    `did you mean "listen"?`,
		"upstraem":  `did you mean "upstream"?`,
		"route":     `did you mean "routes"?`,
		"something": "write one of listen, upstream, upstreams, routes",
	}
	for name, want := range tests {
		if got := suggest(name, known); got != want {
			t.Errorf("suggest(%q) = %s, want %s", name, got, want)
		}
	}
	if got, want := suggest("a", nil), "there is none"; got != want {
		t.Errorf("suggest of nothing = %s, want %s", got, want)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"retry", "retyr", 1},
	}
	for _, test := range tests {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
