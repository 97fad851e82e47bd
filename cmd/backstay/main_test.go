package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// result is what a command line did.
type result struct {
	code           int
	stdout, stderr string
}

// backstay runs a command line in this process.
func backstay(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// file writes a file and returns its name.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

const goodFile = "upstream: [http://127.0.0.1:9001]\n"

func TestCheck(t *testing.T) {
	good := file(t, goodFile)
	bad := file(t, "upstream: http://127.0.0.1:9001\nlisen: :80\n")
	tests := []struct {
		name, stdin string
		args        []string
		want        result
	}{
		{"good", "", []string{good}, result{0, good + ": ok\n", ""}},
		{"standard input", goodFile, []string{"-"}, result{0, "standard input: ok\n", ""}},
		{"bad", "", []string{bad}, result{2, "", bad + `:2:1: unknown field "lisen": did you mean "listen"?
    2 | lisen: :80
      | ^^^^^
`}},
		{"bad and good", "", []string{bad, good}, result{2, good + ": ok\n", bad + `:2:1: unknown field "lisen": did you mean "listen"?
    2 | lisen: :80
      | ^^^^^
`}},
		{"missing", "", []string{"no/such/file"}, result{2, "", "backstay: cannot read no/such/file (no such file or directory): name a file with a configuration, or - for standard input\n"}},
		{"nothing", "", nil, result{2, "", "backstay: requires at least 1 arg(s), only received 0: see backstay check --help\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := backstay(t, test.stdin, append([]string{"check"}, test.args...)...); got != test.want {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// Each of these must end serve before anything listens, with one message that
// says what is wrong, where, and what to write instead.
func TestServeRefusesBadInput(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"unknown field", "upstream: http://127.0.0.1:1\nretries: 3\n", `:2:1: unknown field "retries": `},
		{"negative number", "upstream: http://127.0.0.1:1\npolicies: {default: {retry: {max_attempts: -1}}}\n", ":2:44: max_attempts is -1: write at least 1"},
		{"duration", "upstream: http://127.0.0.1:1\nshutdown: {grace: 5 minutes}\n", `:2:19: grace: "5 minutes" is not a duration: write a number with a unit`},
		{"no endpoints", "upstreams: {users: {endpoints: []}}\nroutes: [{upstream: users}]\n", ":1:32: the upstream has no endpoints: write at least one"},
		{"unknown upstream", "upstreams: {users: {endpoints: http://127.0.0.1:1}}\nroutes: [{upstream: user}]\n", `:2:21: no upstream is named "user": did you mean "users"?`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := file(t, test.file)
			got := backstay(t, "", "serve", "--config", name)
			if got.code != exitUsage || got.stdout != "" || !strings.HasPrefix(got.stderr, name+test.want) {
				t.Errorf("got %+v, want exit code %d and %s%s", got, exitUsage, name, test.want)
			}
			if lines := strings.Count(got.stderr, "\n"); lines != 3 {
				t.Errorf("got %d lines, want the message, the line and the carets:\n%s", lines, got.stderr)
			}
		})
	}
}

func TestServeWithAPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for _, args := range [][]string{
		{"--listen", address, "--admin", "127.0.0.1:0"},
		{"--listen", "127.0.0.1:0", "--admin", address},
	} {
		got := backstay(t, "", append([]string{"serve", "--upstream", "http://127.0.0.1:1"}, args...)...)
		if got.code != exitFailed || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, address+" is in use: stop what listens there, or choose another port") {
			t.Errorf("%v: got %+v, want exit code %d and one line about %s", args, got, exitFailed, address)
		}
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string // in what is printed
	}{
		{"nothing", nil, exitOK, "Available Commands"},
		{"help", []string{"serve", "--help"}, exitOK, "Examples:"},
		{"unknown command", []string{"serv"}, exitUsage, `unknown command "serv" for "backstay" Did you mean this? serve: see backstay --help`},
		{"unknown flag", []string{"serve", "--port", "1"}, exitUsage, "unknown flag: --port: see backstay serve --help"},
		{"no upstream", []string{"serve"}, exitUsage, "at least one of the flags in the group [config upstream] is required"},
		{"both", []string{"serve", "-c", "x", "-u", "y"}, exitUsage, "none of the others can be"},
		{"bad url", []string{"serve", "-u", "127.0.0.1:80"}, exitUsage, `the endpoint "127.0.0.1:80" is not a URL`},
		{"bad listen", []string{"serve", "-u", "http://127.0.0.1", "--listen", "x"}, exitUsage, `listen is "x"`},
		{"completion", []string{"completion", "bash"}, exitOK, "bash completion"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := backstay(t, "", test.args...)
			if got.code != test.code || !strings.Contains(got.stdout+got.stderr, test.want) {
				t.Errorf("got %+v, want exit code %d and %q", got, test.code, test.want)
			}
			if test.code != exitOK && got.stdout != "" {
				t.Errorf("a mistake prints %q on standard output", got.stdout)
			}
		})
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		if cmd.Example == "" {
			t.Errorf("the help of %s has no example", cmd.Name())
		}
	}
}

func TestVersion(t *testing.T) {
	if got := backstay(t, "", "version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "backstay ") {
		t.Errorf("got %+v", got)
	}
	var v version
	if got := backstay(t, "", "version", "--json"); json.Unmarshal([]byte(got.stdout), &v) != nil || v.Version == "" || v.Go == "" {
		t.Errorf("got %+v", got)
	}
}

func TestSchema(t *testing.T) {
	var schema map[string]any
	got := backstay(t, "", "schema")
	if err := json.Unmarshal([]byte(got.stdout), &schema); err != nil || schema["properties"] == nil {
		t.Errorf("got %v, %v", schema, err)
	}
}
