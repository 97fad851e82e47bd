package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/backstay-go/backstay/gateway/config"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// What users copy from the README is a configuration.
func TestReadmeConfigurations(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Error("README.md shows no configuration")
	}
	for _, block := range blocks {
		if _, err := config.Parse("README.md", block[1], os.LookupEnv); err != nil {
			t.Errorf("%v\nin\n%s", err, block[1])
		}
	}
}
