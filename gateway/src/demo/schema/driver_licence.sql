-- The synthetic driver licence registry. Dates, moments and absence as in population.sql.

CREATE TABLE gplx (
    so_gplx                 TEXT NOT NULL,  -- 12 digits: the key
    so_seri                 TEXT,
    so_dinh_danh            TEXT NOT NULL,
    ho_ten                  TEXT NOT NULL,
    ngay_sinh               TEXT,
    hang                    TEXT NOT NULL,  -- with the classes of the day of issue
    ngay_trung_tuyen        TEXT,
    ngay_cap                TEXT NOT NULL,
    ngay_het_han            TEXT,           -- NULL: no end
    noi_cap                 TEXT NOT NULL,
    -- 'Đang hiệu lực' | 'Đang bị tước quyền sử dụng' | 'Đã thu hồi' | anything else
    tinh_trang              TEXT NOT NULL,
    so_diem                 INTEGER,        -- points left of 12
    thoi_diem_du_lieu       TEXT NOT NULL,
    phien_ban               TEXT NOT NULL
);

-- Indexes: made after the load.
CREATE UNIQUE INDEX gplx_so_gplx ON gplx (so_gplx);
