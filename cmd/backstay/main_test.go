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
		{"nothing", "", nil, result{2, "", "backstay: there is nothing to check: write backstay check gateway.yaml, or backstay check - for standard input\n"}},
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
	const free = "127.0.0.1:0"
	for _, test := range []struct{ listen, admin, field, remedy string }{
		{address, free, "listen", "--listen ADDRESS"},
		{free, address, "admin", "--admin ADDRESS or --admin off"},
	} {
		got := backstay(t, "", "serve", "--upstream", "http://127.0.0.1:1", "--listen", test.listen, "--admin", test.admin)
		want := "backstay: " + test.field + ": " + address + " is in use: stop what listens there, or write " + test.remedy + "\n"
		if got.code != exitFailed || got.stderr != want {
			t.Errorf("%s: got %+v, want exit code %d and %q", test.field, got, exitFailed, want)
		}
	}
}

// A mistake in the command line is one line: what is wrong, where, and what to
// write instead.
func TestUsageMistakes(t *testing.T) {
	tests := []struct{ args, want string }{
		{"serv", `unknown command "serv": write serve, or see backstay --help`},
		{"frobnicate", `unknown command "frobnicate": write one of check, completion, demo, schema, serve, version, or see backstay --help`},
		{"help frobnicate", `no command is named "frobnicate": write one of check, completion, demo, schema, serve, version`},
		{"serve gateway.yaml", `serve takes no arguments, but "gateway.yaml" is one: write --config gateway.yaml`},
		{"serve http://127.0.0.1:1", `serve takes no arguments, but "http://127.0.0.1:1" is one: write --upstream http://127.0.0.1:1`},
		{"serve", "serve has no upstream: write --config FILE or --upstream URL"},
		{"serve -c x -u y", "--config and --upstream exclude each other: write the upstream into the file, or leave --config out"},
		{"serve --port 1", "unknown flag: --port: see backstay serve --help"},
		{"serve --config", "--config has no value: write --config FILE"},
		{"serve -u 127.0.0.1:80", `--upstream: the endpoint "127.0.0.1:80" is not a URL: write a URL such as http://127.0.0.1:9001`},
		{"serve -u http://127.0.0.1 --listen x", `--listen is "x": write an address with a port, such as 127.0.0.1:8080 or :8080`},
		{"serve -u http://127.0.0.1 --admin 0.0.0.0:1", `--admin is "0.0.0.0:1", which others could reach: write a loopback address such as 127.0.0.1:9901, or off`},
		{"check", "there is nothing to check: write backstay check gateway.yaml, or backstay check - for standard input"},
		{"demo extra", `demo takes no arguments: leave out "extra", or see backstay demo --help`},
		{"demo --for soon", `--for is "soon": write a number with a unit, such as --for 30s`},
		{"demo --seed x", `--seed is "x": write a whole number, such as --seed 1`},
		{"demo --listen x", `--listen is "x": write an address with a port, such as 127.0.0.1:8080 or :8080`},
		{"version --json=x", `--json is "x": write --json alone, or leave it out`},
		{"completion", "there is no shell: write one of bash, zsh, fish, powershell"},
		{"completion foo", `no completion for "foo": write one of bash, zsh, fish, powershell`},
	}
	for _, test := range tests {
		want := result{exitUsage, "", "backstay: " + test.want + "\n"}
		if got := backstay(t, "", strings.Fields(test.args)...); got != want {
			t.Errorf("backstay %s\ngot  %+v\nwant %+v", test.args, got, want)
		}
	}
}

// Flags may also be wrong beside a file that is right. Each mistake has its line.
func TestMistakesInFlagsNameTheFlag(t *testing.T) {
	got := backstay(t, "", "serve", "--config", file(t, goodFile), "--listen", "x", "--admin", "y")
	want := `backstay: --listen is "x": write an address with a port, such as 127.0.0.1:8080 or :8080
backstay: --admin is "y": write an address with a port, such as 127.0.0.1:8080 or :8080
`
	if got.code != exitUsage || got.stderr != want {
		t.Errorf("got %+v, want\n%s", got, want)
	}
}

func TestHelpAndCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"":                      "Available Commands",
		"help":                  "Available Commands",
		"help serve":            "Examples:",
		"serve --help":          "Examples:",
		"completion bash":       "bash completion V2 for backstay",
		"completion zsh":        "#compdef backstay",
		"completion fish":       "fish completion for backstay",
		"completion powershell": "powershell completion for backstay",
	} {
		if got := backstay(t, "", strings.Fields(args)...); got.code != exitOK || !strings.Contains(got.stdout, want) || got.stderr != "" {
			t.Errorf("backstay %s: got %+v, want exit code 0 and %q", args, got, want)
		}
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
	if flag, cmd := backstay(t, "", "--version"), backstay(t, "", "version"); flag != cmd {
		t.Errorf("--version gives %+v, version %+v", flag, cmd)
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
