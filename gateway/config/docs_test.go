package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gateway/config"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// What users copy from the documents is a configuration.
func TestConfigurationsInDocuments(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, file := range append(glob(t, filepath.Join(root, "docs", "*.md")), filepath.Join(root, "README.md")) {
		blocks := yamlBlock.FindAllSubmatch(read(t, file), -1)
		if len(blocks) == 0 && filepath.Base(file) != "README.md" && filepath.Base(file) != "gateway.md" {
			continue
		}
		if len(blocks) < 2 {
			t.Errorf("%s shows %d configurations, want the short form and the long", file, len(blocks))
		}
		for _, block := range blocks {
			if _, err := config.Parse(file, block[1], os.LookupEnv); err != nil {
				t.Errorf("%v\nin\n%s", err, block[1])
			}
		}
	}
}

// The tables of the default policy have its values.
func TestDefaultPolicyInDocuments(t *testing.T) {
	p := config.DefaultPolicy()
	short := func(d config.Duration) string { return time.Duration(d).String() }
	guide := string(read(t, filepath.Join("..", "..", "docs", "gateway.md")))
	for _, want := range []string{
		"| `timeout` | " + short(p.Timeout) + " |",
		fmt.Sprintf("| `retry` | `max_attempts: %d`, `backoff: {base: %s, max: %s}` |", p.Retry.MaxAttempts, short(p.Retry.Backoff.Base), short(p.Retry.Backoff.Max)),
		fmt.Sprintf("| `breaker` | `consecutive: %d`, `failure_rate: %v`, `min_calls: %d`, `cooldown: %s`, `max_cooldown: %s` |",
			p.Breaker.Consecutive, p.Breaker.FailureRate, p.Breaker.MinCalls, short(p.Breaker.Cooldown), short(p.Breaker.MaxCooldown)),
		"| `attempt_timeout` | " + short(p.AttemptTimeout) + " |",
	} {
		if !strings.Contains(guide, want) {
			t.Errorf("docs/gateway.md lacks %q", want)
		}
	}
}
