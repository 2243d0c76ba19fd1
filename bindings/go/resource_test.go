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
