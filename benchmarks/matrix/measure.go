package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// A bench is a run under way.
type bench struct {
	plan     plan
	bin      string               // folder of the programs
	enclaves map[string][2]string // folders of pub and sub, by protection
	profiles string               // folder for what profiling gives
	domain   int                  // counts up
}

// The domains that are used in turn: participants of the last ones may still be
// about.
const (
	firstDomain = 70
	domainCount = 20
)

const (
	matchLimit = 25 * time.Second // all programs wait 20 s for each other
	pings      = 10_000
	besideRate = 10_000 // samples/s
	besideSize = 64
)

// A side is one end of a measurement.
type side int

const (
	pubSide side = iota
	subSide
)

// start starts one program: words are its role and what that takes.
func (b *bench) start(ctx context.Context, w row, s stack, at side, domain int, limit time.Duration, words ...string) (*process, error) {
	program := s.pub
	if at == subSide {
		program = s.sub
	}
	args := append(append(words, "--domain", strconv.Itoa(domain)), s.flags...)
	if dirs, ok := b.enclaves[w.protection]; ok {
		args = append(args, "--enclave", dirs[at])
	}
	if program == ours {
		args = append([]string{"perf"}, append(args, "--interface", "lo")...)
	}
	path := filepath.Join(b.bin, program)
	if w.kind == apartTrip {
		core := (runtime.NumCPU() - 1) * int(at) // the first, or the last
		path, args = "/usr/bin/taskset", append([]string{"-c", strconv.Itoa(core), path}, args...)
	}
	p, err := start(ctx, limit, path, args...)
	if err == nil {
		p.name = program // not taskset
	}
	return p, err
}

func (b *bench) nextDomain() int {
	b.domain++
	return firstDomain + b.domain%domainCount
}

// one measures one cell once. The machine is free for the next when it returns;
// finish waits for what programs that are only waiting have to say.
func (b *bench) one(ctx context.Context, w row, s stack) (finish func() (result, error)) {
	var (
		r   result
		err error
	)
	switch w.kind {
	case roundTrip, apartTrip:
		r, err = b.trip(ctx, w, s, b.nextDomain())
	case busyTrip:
		r, err = b.busy(ctx, w, s)
	default:
		return b.flow(ctx, w, s, max(w.readers, 1))
	}
	return func() (result, error) { return r, err }
}

func failed(err error) func() (result, error) {
	return func() (result, error) { return result{}, err }
}

func seconds(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// flow runs a publisher and its subscribers, until the publisher has ended.
func (b *bench) flow(ctx context.Context, w row, s stack, readers int) (finish func() (result, error)) {
	domain, limit := b.nextDomain(), matchLimit+time.Duration(b.plan.seconds*float64(time.Second))+10*time.Second
	var subs []*process
	end := func() {
		for _, p := range subs {
			p.kill()
		}
	}
	for range readers {
		p, err := b.start(ctx, w, s, subSide, domain, limit, "sub", seconds(b.plan.seconds+5))
		if err != nil {
			end()
			return failed(err)
		}
		subs = append(subs, p)
	}
	pub, err := b.start(ctx, w, s, pubSide, domain, limit, "pub", strconv.Itoa(w.size), seconds(b.plan.seconds), "--readers", strconv.Itoa(readers))
	if err != nil {
		end()
		return failed(err)
	}
	var r result
	if r.pub, err = pub.wait("PUB"); err != nil {
		err = errors.Join(err, gone(subs[0]))
		end()
		return failed(err)
	}
	return func() (result, error) {
		defer end()
		for _, p := range subs {
			f, err := p.wait("SUB")
			if err != nil {
				return result{}, err
			}
			r.main.rate += f.rate
			r.main.mb += f.mb
			r.main.n += f.n
			r.main.lost += f.lost
			r.main.cpu += f.cpu / float64(readers)
		}
		return r, nil
	}
}

// gone tells why a subscriber has ended before its publisher, if it has.
func gone(sub *process) error {
	select {
	case <-sub.done:
		_, err := sub.wait("SUB")
		return err
	default:
		return nil
	}
}

// trip runs ping and pong.
func (b *bench) trip(ctx context.Context, w row, s stack, domain int) (result, error) {
	limit := matchLimit + 30*time.Second
	pong, err := b.start(ctx, w, s, subSide, domain, limit, "pong", "60")
	if err != nil {
		return result{}, err
	}
	defer pong.interrupt()
	ping, err := b.start(ctx, w, s, pubSide, domain, limit, "ping", strconv.Itoa(w.size), strconv.Itoa(pings))
	if err != nil {
		return result{}, err
	}
	defer ping.kill()
	var r result
	r.main, err = ping.wait("RTT")
	return r, err
}

// busy runs ping and pong while a steady pub and sub of the same stack run.
func (b *bench) busy(ctx context.Context, w row, s stack) (result, error) {
	const (
		lead  = 1500 * time.Millisecond // for the steady pair to get going
		lasts = 8                       // seconds
	)
	domain, limit := b.nextDomain(), matchLimit+(lasts+10)*time.Second
	sub, err := b.start(ctx, w, s, subSide, domain, limit, "sub", strconv.Itoa(lasts+5))
	if err != nil {
		return result{}, err
	}
	defer sub.kill()
	pub, err := b.start(ctx, w, s, pubSide, domain, limit, "pub", strconv.Itoa(besideSize), strconv.Itoa(lasts), "--rate", strconv.Itoa(besideRate))
	if err != nil {
		return result{}, err
	}
	defer pub.kill()
	time.Sleep(lead)
	r, err := b.trip(ctx, w, s, domain)
	if err != nil {
		return result{}, err
	}
	if _, err := pub.wait("PUB"); err != nil {
		return result{}, err
	}
	f, err := sub.wait("SUB")
	if err != nil {
		return result{}, err
	}
	if f.rate < 0.9*besideRate {
		return result{}, fmt.Errorf("only %.0f samples/s beside it", f.rate)
	}
	return r, nil
}

// collect runs ours once more, with a profile and the collector's figures.
func (b *bench) collect(ctx context.Context, w row) ([]collection, error) {
	name := func(what string) string { return filepath.Join(b.bin, what+".prof") }
	domain, limit := b.nextDomain(), matchLimit+time.Duration(b.plan.seconds*float64(time.Second))+10*time.Second
	size := strconv.Itoa(w.size)
	first, second := []string{"pub", size, seconds(b.plan.seconds)}, []string{"sub", seconds(b.plan.seconds + 5)}
	if w.kind == roundTrip {
		first, second = []string{"ping", size, strconv.Itoa(pings)}, []string{"pong", "60"}
	}
	flags := func(words []string) []string {
		return append(words, "--gc", "--json", "--cpuprofile", name(words[0]))
	}
	s := stacks[0]
	there, err := b.start(ctx, w, s, subSide, domain, limit, flags(second)...)
	if err != nil {
		return nil, err
	}
	defer there.kill()
	here, err := b.start(ctx, w, s, pubSide, domain, limit, flags(first)...)
	if err != nil {
		return nil, err
	}
	defer here.kill()
	if <-here.done; w.kind == roundTrip {
		there.interrupt()
	}
	<-there.done
	var out []collection
	for i, p := range []*process{here, there} {
		role := [][]string{first, second}[i][0]
		if p.err != nil {
			return out, fmt.Errorf("%s %s: %w%s", p.name, role, p.err, lastLine(p.errs.String()))
		}
		c := collection{row: w, program: role}
		if err := json.Unmarshal(p.out.Bytes(), &c.garbage); err != nil {
			return out, fmt.Errorf("%s %s: %w", p.name, role, err)
		}
		out = append(out, c)
		if err := b.keepProfile(ctx, w, role, name(role)); err != nil {
			return out, err
		}
	}
	return out, nil
}

// keepProfile writes the top of a CPU profile as text.
func (b *bench) keepProfile(ctx context.Context, w row, role, file string) error {
	text, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount", "40", file).Output()
	if err != nil {
		return fmt.Errorf("read the profile of %s: %w", role, err)
	}
	return writeText(filepath.Join(b.profiles, fmt.Sprintf("%s-%s-%s.txt", sizeText(w.size), w.protection, role)), strip(string(text)))
}
