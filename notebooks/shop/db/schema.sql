-- The shop's tables (PostgreSQL 14 or later): what is sold in "catalog", who bought it in "sales".

CREATE SCHEMA catalog;
CREATE SCHEMA sales;

CREATE TYPE sales.order_status AS ENUM ('draft', 'placed', 'paid', 'shipped', 'cancelled');

CREATE DOMAIN sales.email AS text CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+$');

-- catalog ---------------------------------------------------------------------

CREATE TABLE catalog.categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id  bigint REFERENCES catalog.categories (id),
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL
);

CREATE INDEX categories_parent_id_idx ON catalog.categories (parent_id);

CREATE TABLE catalog.products (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id  bigint NOT NULL REFERENCES catalog.categories (id),
    sku          text NOT NULL UNIQUE,
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    price        numeric(12, 2) NOT NULL CHECK (price >= 0),
    currency     char(3) NOT NULL DEFAULT 'EUR',
    created_at   timestamptz NOT NULL DEFAULT now(),
    retired_at   timestamptz
);

CREATE INDEX products_category_id_idx ON catalog.products (category_id);
CREATE INDEX products_on_sale_idx ON catalog.products (name) WHERE retired_at IS NULL;

COMMENT ON TABLE catalog.products IS 'Everything that is or was for sale; never deleted.';
COMMENT ON COLUMN catalog.products.retired_at IS 'Set when the product is no longer offered.';

CREATE TABLE catalog.stock_levels (
    product_id  bigint NOT NULL REFERENCES catalog.products (id) ON DELETE CASCADE,
    warehouse   text NOT NULL,
    on_hand     integer NOT NULL DEFAULT 0,
    reserved    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, warehouse),
    CHECK (on_hand >= 0 AND reserved BETWEEN 0 AND on_hand)
);

-- Written by a trigger for the price history on the product page.
CREATE TABLE catalog.price_changes (
    product_id  bigint NOT NULL REFERENCES catalog.products (id) ON DELETE CASCADE,
    old_price   numeric(12, 2) NOT NULL,
    new_price   numeric(12, 2) NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX price_changes_product_id_idx ON catalog.price_changes (product_id, changed_at);

-- sales -----------------------------------------------------------------------

CREATE TABLE sales.customers (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         sales.email NOT NULL UNIQUE,
    display_name  text NOT NULL,
    locale        text NOT NULL DEFAULT 'en',
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sales.addresses (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint NOT NULL REFERENCES sales.customers (id) ON DELETE CASCADE,
    recipient    text NOT NULL,
    street       text NOT NULL,
    postcode     text NOT NULL,
    city         text NOT NULL,
    country      char(2) NOT NULL
);

CREATE INDEX addresses_customer_id_idx ON sales.addresses (customer_id);

CREATE TABLE sales.orders (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id          bigint NOT NULL REFERENCES sales.customers (id),
    shipping_address_id  bigint REFERENCES sales.addresses (id) ON DELETE SET NULL,
    status               sales.order_status NOT NULL DEFAULT 'draft',
    total                numeric(12, 2) NOT NULL DEFAULT 0 CHECK (total >= 0),
    currency             char(3) NOT NULL DEFAULT 'EUR',
    placed_at            timestamptz,
    CHECK (status = 'draft' OR placed_at IS NOT NULL)
);

CREATE INDEX orders_customer_id_idx ON sales.orders (customer_id, placed_at DESC);
CREATE INDEX orders_shipping_address_id_idx ON sales.orders (shipping_address_id);

COMMENT ON COLUMN sales.orders.total IS 'What the customer pays, freight and tax included.';

CREATE TABLE sales.order_items (
    order_id    bigint NOT NULL REFERENCES sales.orders (id) ON DELETE CASCADE,
    line        smallint NOT NULL,
    product_id  bigint NOT NULL REFERENCES catalog.products (id),
    quantity    integer NOT NULL CHECK (quantity > 0),
    unit_price  numeric(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE INDEX order_items_product_id_idx ON sales.order_items (product_id);

CREATE TABLE sales.payments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     integer NOT NULL REFERENCES sales.orders (id),
    provider     text NOT NULL,
    reference    text NOT NULL,
    amount       numeric(12, 2) NOT NULL CHECK (amount > 0),
    captured_at  timestamptz,
    UNIQUE (provider, reference)
);

CREATE INDEX payments_order_id_idx ON sales.payments (order_id);

CREATE TABLE sales.shipments (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES sales.orders (id),
    address_id    bigint NOT NULL REFERENCES sales.addresses (id),
    carrier       text NOT NULL,
    tracking_no   text,
    freight_cost  double precision NOT NULL DEFAULT 0,
    sent_at       timestamptz
);

CREATE INDEX shipments_order_id_idx ON sales.shipments (order_id);

CREATE TABLE sales.reviews (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id   bigint NOT NULL REFERENCES catalog.products (id),
    customer_id  bigint NOT NULL REFERENCES sales.customers (id),
    stars        smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body         text NOT NULL DEFAULT '',
    written_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (product_id, customer_id)
);
