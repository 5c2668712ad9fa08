-- The synthetic dossiers of a one-stop system. Moments are yyyyMMddHHmmss of Viet Nam.

CREATE TABLE ho_so (
    ma_ho_so                TEXT NOT NULL,  -- '<agency>-<yyMMdd>-<n>': the key
    ma_tthc                 TEXT NOT NULL,
    ten_tthc                TEXT NOT NULL,
    kenh_thuc_hien          TEXT NOT NULL,  -- '1' counter | '2' online | '3' post
    chu_ho_so               TEXT NOT NULL,
    loai_doi_tuong          TEXT NOT NULL,  -- '1' citizen | '2' enterprise | '3' agency | '4' other
    dinh_danh_chs           TEXT,
    don_vi_xu_ly            TEXT NOT NULL,
    ngay_nop                TEXT,
    ngay_tiep_nhan          TEXT,
    ngay_hen_tra            TEXT,
    ngay_ket_thuc           TEXT,
    ngay_tra                TEXT,
    trang_thai              TEXT NOT NULL,  -- '1' to '10'
    thoi_diem_du_lieu       TEXT NOT NULL,
    phien_ban               TEXT NOT NULL
);

-- The states, the oldest first.
CREATE TABLE qua_trinh (
    ma_ho_so                TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    trang_thai              TEXT NOT NULL,
    thoi_diem               TEXT NOT NULL,
    nguyen_van              TEXT,
    PRIMARY KEY (ma_ho_so, thu_tu)
) WITHOUT ROWID;

-- Indexes: made after the load.
CREATE UNIQUE INDEX ho_so_ma_ho_so ON ho_so (ma_ho_so);
