package wasmcell

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

const counters = "wasmcell:test/counters@0.1.0#"

func TestResourcesOfGuests(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	i := must[*Instance](t)(c.Instantiate(background))
	defer i.Close()
	create := must[func(context.Context, uint32) (*Resource, error)](t)(
		Func1[uint32, *Resource](i, counters+"[constructor]counter"))
	increment := must[func(context.Context, *Resource) (uint32, error)](t)(
		Func1[*Resource, uint32](i, counters+"[method]counter.increment"))
	five := must[*Resource](t)(create(background, 5))
	if got, err := increment(background, five); err != nil || got != 6 {
		t.Error(got, err)
	}
	check(t, five.Close())
	check(t, five.Close())
	if err := five.Drop(background); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := increment(background, five); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := increment(background, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	fresh := must[func(context.Context, uint32) (*Resource, error)](t)(
		Func1[uint32, *Resource](c, counters+"[constructor]counter"))
	if _, err := fresh(background, 5); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

type account struct{ balance uint32 }

func TestResourcesOfTheHost(t *testing.T) {
	const bank = "acme:bank/accounts@1.0.0#"
	var closed []*account
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, DefineResource(linker, bank+"account",
		func(a *account) { closed = append(closed, a) }))
	if err := DefineResource(linker, bank+"other", func(*account) {}); !errors.Is(err,
		ErrInvalidArgument) {
		t.Error(err)
	}
	check(t, linker.Define(bank+"[constructor]account",
		func(_ context.Context, opening uint32) (*account, error) {
			return &account{opening}, nil
		}))
	check(t, linker.Define(bank+"[method]account.pay",
		Host2(func(_ context.Context, a *account, amount uint32) (uint32, error) {
			a.balance += amount
			return a.balance, nil
		})))
	c := loadFile(t, smallRuntime(t), "../../tests/guests/wat/accounts.wat", WithLinker(linker))
	got, err := c.Call(background, "save", 100)
	if err != nil || got != uint32(115) || len(closed) != 1 || closed[0].balance != 115 {
		t.Error(got, err, closed)
	}
	if _, err := c.Call(background, "forget", 7); err != nil || len(closed) != 2 {
		t.Error(err, closed)
	}
	table := linker.known[reflect.TypeFor[*account]()]
	if len(table.values) != 0 {
		t.Errorf("%d accounts are left in the table", len(table.values))
	}
}

const teller = `(component
  (import "acme:bank/accounts@1.0.0" (instance $bank
    (export "account" (type $account (sub resource)))
    (export "[method]account.pay"
      (func (param "self" (borrow $account)) (param "amount" u32) (result u32)))))
  (alias export $bank "account" (type $account))
  (core func $pay (canon lower (func $bank "[method]account.pay")))
  (core func $drop (canon resource.drop $account))
  (core module $m
    (import "" "pay" (func $pay (param i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "use") (param i32 i32) (result i32)
      (call $pay (local.get 0) (local.get 1))
      (call $drop (local.get 0)))
    (func (export "keep") (param i32))
    (func (export "pass") (param i32) (result i32) (local.get 0))
    (func (export "fail") (param i32) unreachable))
  (core instance $i (instantiate $m (with "" (instance
    (export "pay" (func $pay)) (export "drop" (func $drop))))))
  (func (export "use") (param "a" (borrow $account)) (param "n" u32) (result u32)
    (canon lift (core func $i "use")))
  (func (export "keep") (param "a" (own $account)) (canon lift (core func $i "keep")))
  (func (export "pass") (param "a" (own $account)) (result (own $account))
    (canon lift (core func $i "pass")))
  (func (export "fail") (param "a" (own $account)) (canon lift (core func $i "fail"))))`

// Calls pass what stands for resources of the host, and the table forgets it when nobody has it.
func TestCallsPassResourcesOfTheHost(t *testing.T) {
	const bank = "acme:bank/accounts@1.0.0#"
	closed := make(chan *account, 9)
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, DefineResource(linker, bank+"account", func(a *account) { closed <- a }))
	check(t, linker.Define(bank+"[method]account.pay",
		Host2(func(_ context.Context, a *account, amount uint32) (uint32, error) {
			a.balance += amount
			return a.balance, nil
		})))
	seen := must[*Component](t)(smallRuntime(t).Load([]byte(teller), WithoutLinking()))
	defer seen.Close()
	if _, err := seen.Call(background, "keep", &account{}); !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
	c := must[*Component](t)(seen.Link(WithLinker(linker)))
	defer c.Close()
	instance := must[*Instance](t)(c.Instantiate(background))
	table := linker.known[reflect.TypeFor[*account]()]
	for _, ctx := range []context.Context{background, CallWith(background, OnWorkers())} {
		for _, on := range []Caller{c, instance} {
			ours := &account{10}
			use := must[func(context.Context, *account, uint32) (uint32, error)](t)(
				Func2[*account, uint32, uint32](on, "use"))
			if got, err := use(ctx, ours, 5); err != nil || got != 15 || ours.balance != 15 {
				t.Error(got, err)
			}
			pass := must[func(context.Context, *account) (*account, error)](t)(
				Func1[*account, *account](on, "pass"))
			if got, err := pass(ctx, ours); err != nil || got != ours {
				t.Error(got, err)
			}
			if len(table.values) != 0 || len(closed) != 0 {
				t.Errorf("%d left, %d closed", len(table.values), len(closed))
			}
		}
		ours := &account{1}
		if got, err := c.Call(ctx, "pass", ours); err != nil || got != any(ours) {
			t.Error(got, err)
		}
		report := new(Report)
		_, err := c.Call(CallWith(ctx, ReportTo(report)), "keep", ours)
		if err != nil || !report.ResourcesTaken || <-closed != ours {
			t.Error(err, report)
		}
		if _, err := c.Call(ctx, "fail", ours); !errors.Is(err, ErrTrap) || <-closed != ours {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := c.Call(ended, "keep", ours); !errors.Is(err, ErrCancelled) {
			t.Error(err)
		}
		if len(table.values) != 0 || len(closed) != 0 {
			t.Errorf("%d left, %d closed", len(table.values), len(closed))
		}
	}
	check(t, instance.Close())
}
