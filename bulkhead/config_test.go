package bulkhead_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
)

func TestValidate(t *testing.T) {
	tests := []struct {
		config bulkhead.Config
		want   []string
	}{
		{bulkhead.Config{}, nil},
		{bulkhead.Config{Name: "users", Limit: 1, Queue: 1, MaxWait: 1}, nil},
		{bulkhead.Config{Limit: 1<<31 - 1, Queue: 1<<31 - 1, MaxWait: 1<<63 - 1}, nil},
		{bulkhead.Config{Limit: -1}, []string{
			"bulkhead: Limit is -1: want a number of permits up to 2147483647, or 0 for the default",
		}},
		{bulkhead.Config{Limit: -3, Queue: -2, MaxWait: -time.Second}, []string{
			"bulkhead: Limit is -3: want a number of permits up to 2147483647, or 0 for the default",
			"bulkhead: Queue is -2: want a number of waiting calls up to 2147483647, or 0 for none",
			"bulkhead: MaxWait is -1s: want a duration, or 0 for the default",
		}},
	}
	for _, test := range tests {
		err := test.config.Validate()
		if got, want := fmt.Sprint(err), strings.Join(test.want, "\n"); got != want && (err != nil || want != "") {
			t.Errorf("Validate of %+v = %s, want %s", test.config, got, want)
		}
	}
}

func TestNewPanics(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), bulkhead.Config.Validate(bulkhead.Config{Limit: -1}).Error(); got != want {
			t.Errorf("New panicked with %q, want %q", got, want)
		}
	}()
	bulkhead.New(bulkhead.Config{Limit: -1})
}

// What the documentation says of the zero Config is what it does.
func TestDefaults(t *testing.T) {
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(source), "//", "")), " ")
	for _, want := range []string{
		fmt.Sprintf("DefaultLimit (%d) is used", bulkhead.DefaultLimit),
		fmt.Sprintf("DefaultMaxWait (%v) is used", bulkhead.DefaultMaxWait),
		fmt.Sprintf("The zero Config admits %d calls", bulkhead.DefaultLimit),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the comments of Config do not say %q", want)
		}
	}
	if s := bulkhead.New(bulkhead.Config{}).Snapshot(); s.Limit != bulkhead.DefaultLimit || s.Queue != 0 {
		t.Errorf("Snapshot of the zero Config = %+v, want the default limit and no queue", s)
	}
}
