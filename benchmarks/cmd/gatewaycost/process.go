package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// process is a server that has been started.
type process struct {
	cmd *exec.Cmd
	url string
}

// listening is what every server here says first, on its standard error.
var listening = regexp.MustCompile(`listening on (http://\S+)`)

// start runs a server until stop, and returns when it listens.
func start(binary string, args ...string) (*process, error) {
	cmd := exec.Command(binary, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(stderr, &said))
	for lines.Scan() {
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			go io.Copy(io.Discard, stderr) // until the process ends
			return &process{cmd, match[1]}, nil
		}
	}
	return nil, fmt.Errorf("%s ended before it listened: %w\n%s", binary, cmd.Wait(), said.Bytes())
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// cpu returns the CPU time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name of the command, in parentheses, may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, system = 11, 12 // proc_pid_stat(5) counts from 3 here
	if len(fields) <= system {
		return 0, errors.New("the kernel's account of the process is too short")
	}
	var ticks int64
	for _, field := range fields[user : system+1] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
